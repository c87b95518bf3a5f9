// A pattern and records for each source. Payloads are in base64 where AWS delivers them so.

const base64 = (value) => btoa(typeof value === 'string' ? value : JSON.stringify(value));
const WIDTH = 60;

/** JSON over several lines, an array in one if it is short. */
function laidOut(value, indent = '') {
  const flat = JSON.stringify(value, null, 1)?.replace(/\n */g, ' ').replace(/([[{]) | (?=[\]}])/g, '$1');
  if (typeof value !== 'object' || value === null || (Array.isArray(value) && flat.length <= WIDTH)) return flat;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const parts = Object.entries(value).map(([name, each]) =>
    `${inner}${Array.isArray(value) ? '' : `${JSON.stringify(name)}: `}${laidOut(each, inner)}`);
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}

const text = (value) => `${laidOut(value)}\n`;
const lines = (...values) => `${values.map((value) => JSON.stringify(value)).join('\n')}\n`;

const sqs = (number, body) => ({
  messageId: `0000000${number}-4ceb-95bd-447e`,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  eventSource: 'aws:sqs',
});

const kinesis = (number, data) => ({
  eventID: `shardId-000:${number}`,
  eventSource: 'aws:kinesis',
  kinesis: { partitionKey: 'device', data: base64(data) },
});

const dynamodb = (number, eventName, image) => ({
  eventID: `c${number}`, eventName, eventSource: 'aws:dynamodb', dynamodb: { NewImage: image },
});

const kafka = (offset, value) => ({
  topic: 'prices', partition: 0, offset, value: base64(value), eventSource: 'aws:kafka',
});

const mq = (number, data) => ({
  messageID: `ID:broker-${number}`, messageType: 'jms/text-message', data: base64(data), eventSource: 'aws:mq',
});

const event = (id, detailType, detail) => ({
  version: '0', id, 'detail-type': detailType, source: 'shop.orders', account: '123456789012', region: 'eu-central-1', detail,
});

export const EXAMPLES = [
  {
    name: 'SQS: orders',
    source: 'sqs',
    pattern: text({
      body: {
        eventType: [{ prefix: 'order.' }],
        order: {
          total: [{ numeric: ['>=', 100] }],
          items: { sku: [{ prefix: 'SHOE-' }], quantity: [{ numeric: ['>', 1] }] },
        },
        $or: [{ priority: ['high'] }, { customer: { tier: ['gold', 'platinum'] } }],
      },
    }),
    records: lines(
      sqs(1, { eventType: 'order.paid', order: { total: 250, items: [{ sku: 'SHOE-1042', quantity: 2 }] }, priority: 'high' }),
      sqs(2, { eventType: 'order.paid', order: { total: 64, items: [{ sku: 'SOCK-7', quantity: 5 }, { sku: 'SHOE-1', quantity: 1 }] }, customer: { tier: 'gold' } }),
      sqs(3, { eventType: 'order.created', order: { total: 180, items: [{ sku: 'SHOE-9', quantity: 3 }] }, customer: { tier: 'bronze' } }),
      sqs(4, 'order.paid 250 SHOE-1042'),
      sqs(5, { eventType: 'order.paid', order: { total: '250', items: [{ sku: 'SHOE-3', quantity: 2 }] }, priority: 'high' }),
    ),
  },
  {
    name: 'SQS: plain strings',
    source: 'sqs',
    pattern: text({ body: [{ prefix: 'Result: ' }] }),
    records: lines(sqs(1, 'Result: 42'), sqs(2, 'Error: timeout'), sqs(3, { result: 42 })),
  },
  {
    name: 'Kinesis: sensors',
    source: 'kinesis',
    pattern: text({ data: { type: ['reading'], celsius: [{ numeric: ['>', 30] }] } }),
    records: lines(
      kinesis(1, { type: 'reading', celsius: 34.5 }),
      kinesis(2, { type: 'reading', celsius: 21 }),
      kinesis(3, 'heartbeat'),
    ),
  },
  {
    name: 'DynamoDB: new customers',
    source: 'dynamodb',
    pattern: text({ eventName: ['INSERT'], dynamodb: { NewImage: { country: { S: ['DE', 'AT'] }, age: { N: [{ prefix: '4' }] } } } }),
    records: lines(
      dynamodb(1, 'INSERT', { country: { S: 'DE' }, age: { N: '42' } }),
      dynamodb(2, 'MODIFY', { country: { S: 'DE' }, age: { N: '42' } }),
      dynamodb(3, 'INSERT', { country: { S: 'FR' }, age: { N: '31' } }),
    ),
  },
  {
    name: 'Kafka: prices',
    source: 'kafka',
    pattern: text({ value: { symbol: [{ 'anything-but': ['TEST'] }], price: [{ numeric: ['>', 0, '<', 1000] }] } }),
    records: lines(
      kafka(1, { symbol: 'ACME', price: 12.5 }),
      kafka(2, { symbol: 'TEST', price: 12.5 }),
      kafka(3, 'not JSON: Kafka then filters on metadata only'),
    ),
  },
  {
    name: 'MQ: invoices',
    source: 'mq',
    pattern: text({ data: { invoice: [{ exists: true }], status: [{ 'equals-ignore-case': 'OPEN' }] } }),
    records: lines(
      mq(1, { invoice: 'R-17', status: 'open' }),
      mq(2, { invoice: 'R-18', status: 'paid' }),
      mq(3, { status: 'open' }),
    ),
  },
  {
    name: 'EventBridge: a rule',
    source: 'event',
    dialect: 'eventbridge',
    pattern: text({
      source: ['shop.orders'],
      'detail-type': ['Order Placed'],
      detail: { address: { ip: [{ cidr: '10.0.0.0/8' }] }, coupon: [{ exists: false }], path: [{ wildcard: '/shop/*/checkout' }] },
    }),
    records: lines(
      event('e-1', 'Order Placed', { address: { ip: '10.1.2.3' }, path: '/shop/de/checkout' }),
      event('e-2', 'Order Placed', { address: { ip: '192.0.2.1' }, path: '/shop/de/checkout' }),
      event('e-3', 'Order Cancelled', { address: { ip: '10.1.2.3' }, path: '/shop/de/checkout', coupon: 'X' }),
    ),
  },
  {
    name: 'Event bus: a subscriber',
    source: 'subscriber',
    pattern: text({
      FilterConfiguration: {
        Language: 'EVENT_BRIDGE_PATTERN',
        Filters: [{ Scope: 'DATA', Pattern: '{"total": [{"numeric": [">", 100]}]}' }],
      },
    }),
    records: lines(
      { Data: { total: 250 }, Metadata: { tenant: 'eu' }, SystemMetadata: {} },
      { Data: { total: 50 }, Metadata: { tenant: 'eu' }, SystemMetadata: {} },
    ),
  },
  {
    name: 'A template with two mappings',
    pattern: `Resources:
  Orders:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt OrdersQueue.Arn
      FunctionName: !Ref Function
      FilterCriteria:
        Filters:
          - Pattern: '{"body": {"total": [{"numeric": [">", 100]}]}}'
  Returns:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt ReturnsQueue.Arn
      FunctionName: !Ref Function
      FilterCriteria:
        Filters:
          - Pattern: '{"body": {"reason": "damaged"}}'
  OrdersQueue:
    Type: AWS::SQS::Queue
  ReturnsQueue:
    Type: AWS::SQS::Queue
`,
    records: lines(sqs(1, { total: 250 }), sqs(2, { total: 99 })),
  },
];

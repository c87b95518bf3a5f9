// fauxqs on a loopback port: its own command listens on every interface.
// Usage: node fauxqs_server.mjs PORT, with FAUXQS the folder that it was installed in.
import { pathToFileURL } from "node:url";

const app = `${process.env.FAUXQS}/node_modules/fauxqs/dist/app.js`;
const { buildApp } = await import(pathToFileURL(app).href);
const port = Number(process.argv[2]);
await buildApp({ logger: false, host: "127.0.0.1" }).listen({ port, host: "127.0.0.1" });

"""Files of records: lines of bytes -> records, whatever the layout, in bounded memory."""

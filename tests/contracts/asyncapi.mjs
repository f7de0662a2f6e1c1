// The AsyncAPI document as its own parser reads it: no error, every reference found.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const source = process.argv[2];
const { document, diagnostics } = await new Parser().parse(readFileSync(source, "utf8"), { source });
const errors = diagnostics.filter((found) => found.severity === 0);
for (const { path, message } of errors) console.error(`${path.join(".")}: ${message}`);
if (!document || errors.length > 0) process.exit(1);
console.log(`${source}: ${document.channels().length} channels, ${document.messages().length} messages`);

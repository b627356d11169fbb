// wasm.mjs FILE - runs wasm.c's program; its exit status is the program's.
import { readFileSync } from 'node:fs';

const decoder = new TextDecoder();
let memory;
const say = (at, len) => process.stdout.write(decoder.decode(new Uint8Array(memory.buffer, at, len)));
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), { env: { say } });
memory = instance.exports.memory;
process.exitCode = instance.exports.run();

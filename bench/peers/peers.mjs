// Hugging Face's tokenizers (Rust) on the files that our bench made: one JSON line a measurement, in the bench's form.
//   node peers.mjs encode FOLDER KIND THREADS SECONDS
//   node peers.mjs train FOLDER KIND THREADS
//   node peers.mjs chat FOLDER SECONDS
// The Rust side takes its threads from RAYON_NUM_THREADS and TOKENIZERS_PARALLELISM, which the caller sets.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Template } from '@huggingface/jinja';

const require = createRequire(import.meta.url);
const {
  BPE, Tokenizer, Unigram, WordPiece, bertNormalizer, bertPreTokenizer, byteLevelPreTokenizer, metaspacePreTokenizer,
} = require('tokenizers');
const version = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
const library = `tokenizers ${version('tokenizers')} (Rust)`;
const rounded = (value) => Number(value.toFixed(value < 100 ? 2 : 1));
const line = (values) => console.log(JSON.stringify(values));
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function encode(folder, kind, threads, seconds) {
  const documents = readFileSync(path.join(folder, 'documents.jsonl'), 'utf8').trim().split('\n').map((text) => JSON.parse(text));
  const bytes = documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const make = () => {
    const tokenizer = Tokenizer.fromFile(path.join(folder, kind, 'tokenizer.json'));
    tokenizer.disableTruncation();
    tokenizer.disablePadding();
    return tokenizer;
  };
  const pass = async (tokenizer) => {
    const start = performance.now();
    let tokens = 0;
    // A few documents at a time: a promise a document would cost more than the encoding.
    for (let i = 0; i < documents.length; i += 64) {
      for (const encoding of await tokenizer.encodeBatch(documents.slice(i, i + 64), { addSpecialTokens: false })) tokens += encoding.getIds().length;
    }
    return { seconds: (performance.now() - start) / 1000, tokens };
  };
  const first = [];
  const later = [];
  let tokens = 0;
  for (let repetition = 0; repetition < 3; repetition++) {
    const tokenizer = make();
    const once = await pass(tokenizer);
    first.push(bytes / 1e6 / once.seconds);
    tokens = once.tokens;
    for (let spent = 0; spent < seconds / 3;) {
      const again = await pass(tokenizer);
      later.push(bytes / 1e6 / again.seconds);
      spent += again.seconds;
    }
  }
  for (const [name, rates] of [['first', first], ['later', later]]) {
    line({
      job: 'encode', tokenizer: kind, library, gives: 'ids', pass: name, threads, unit: 'MB/s',
      median: rounded(median(rates)), best: rounded(Math.max(...rates)), worst: rounded(Math.min(...rates)), steps: rates.length, tokens,
    });
  }
}

function train(folder, kind, threads) {
  const tokenizer = new Tokenizer({ bpe: () => BPE.empty(), wordpiece: () => WordPiece.empty(), unigram: () => Unigram.empty() }[kind]());
  if (kind === 'bpe') tokenizer.setPreTokenizer(byteLevelPreTokenizer(false));
  if (kind === 'wordpiece') {
    tokenizer.setNormalizer(bertNormalizer());
    tokenizer.setPreTokenizer(bertPreTokenizer());
  }
  if (kind === 'unigram') tokenizer.setPreTokenizer(metaspacePreTokenizer());
  const start = performance.now();
  tokenizer.train([path.join(folder, kind === 'unigram' ? 'train-20.txt' : 'train-100.txt')]);
  line({
    job: 'train-tokenizer', tokenizer: kind, library, threads, unit: 's',
    median: rounded((performance.now() - start) / 1000), steps: 1, vocabulary: tokenizer.getVocabSize(),
  });
}

function chat(folder, seconds) {
  const template = new Template(readFileSync(path.join(folder, 'chat.jinja'), 'utf8'));
  const input = JSON.parse(readFileSync(path.join(folder, 'chat.json'), 'utf8'));
  const rates = [];
  for (let spent = 0; spent < seconds;) {
    const start = performance.now();
    for (let i = 0; i < 1000; i++) template.render(input);
    const elapsed = (performance.now() - start) / 1000;
    rates.push(1000 / elapsed);
    spent += elapsed;
  }
  line({
    job: 'chat', library: `@huggingface/jinja ${version('@huggingface/jinja')}`, unit: 'conversations/s',
    median: rounded(median(rates)), best: rounded(Math.max(...rates)), worst: rounded(Math.min(...rates)), steps: rates.length,
  });
}

const [command, folder, ...rest] = process.argv.slice(2);
if (command === 'encode') await encode(folder, rest[0], Number(rest[1]), Number(rest[2]));
else if (command === 'train') train(folder, rest[0], Number(rest[1]));
else if (command === 'chat') chat(folder, Number(rest[0]));
else throw new Error(`There is no peer for ${command}.`);

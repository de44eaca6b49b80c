// The floor: a pool of fetches that keeps nothing. What any runner must do at least.
import { readFile } from 'node:fs/promises';

const { items: file, modelUrl, apiKey, concurrency } = JSON.parse(process.env.PEER_LOAD);
const { prompt, responseFormat, items } = JSON.parse(await readFile(file, 'utf8'));

let next = 0;
let passed = 0;
const lane = async () => {
  for (let item = items[next++]; item !== undefined; item = items[next++]) {
    const response = await fetch(`${modelUrl}/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'x-assay-call': item.id,
      },
      body: JSON.stringify({
        model: 'demo-small',
        temperature: 0,
        response_format: responseFormat,
        messages: [{ role: 'user', content: prompt.replace('{{text}}', item.text) }],
      }),
    });
    const answer = await response.json();
    const { category } = JSON.parse(answer.choices[0].message.content);
    if (category === item.category) passed += 1;
  }
};
await Promise.all(Array.from({ length: concurrency }, lane));
process.stdout.write(`${JSON.stringify({ scored: items.length, passed })}\n`);

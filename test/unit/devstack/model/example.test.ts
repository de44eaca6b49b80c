import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { respond } from '../../../../src/devstack/model/answer/respond.js';
import type { PromptMessage } from '../../../../src/devstack/model/answer/prompt.js';

const example = new URL('../../../../examples/support-triage/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, example), 'utf8');

interface Ticket {
  id: string;
  inputs: { subject: string; body: string; language: string };
}
const tickets = JSON.parse(read('datasets/support-tickets/test_cases.json')) as Ticket[];
const expected = JSON.parse(read('datasets/support-tickets/expected.json')) as Record<
  string,
  { category: string; urgency: string; reply?: string }
>;

const categories = [...new Set(Object.values(expected).map((each) => each.category))];
const schema = {
  type: 'object',
  properties: {
    category: {
      type: 'string',
      enum: [
        'billing',
        'refund',
        'shipping',
        'account_access',
        'bug',
        'feature_request',
        'cancellation',
      ],
    },
    urgency: { type: 'string', enum: ['low', 'normal', 'high'] },
  },
};

const messagesOf = (prompt: string, ticket: Ticket): readonly PromptMessage[] => {
  const parts = prompt.split(/^--- (system|user) ---$/m);
  const fill = (text: string): string =>
    text
      .replace('{{subject}}', () => ticket.inputs.subject)
      .replace('{{body}}', () => ticket.inputs.body)
      .trim();
  if (parts.length === 1) return [{ role: 'user', text: fill(prompt) }];
  const messages: PromptMessage[] = [];
  for (let at = 1; at < parts.length; at += 2)
    messages.push({
      role: parts[at] === 'system' ? 'system' : 'user',
      text: fill(parts[at + 1] ?? ''),
    });
  return messages;
};

interface Accuracy {
  readonly category: number;
  readonly urgency: number;
  readonly byCategory: Readonly<Record<string, number>>;
}

const accuracy = (target: string): Accuracy => {
  const prompt = read(`targets/${target}/prompt.txt`);
  const right = { category: 0, urgency: 0 };
  const byCategory: Record<string, number> = {};
  for (const ticket of tickets) {
    const messages = messagesOf(prompt, ticket);
    const text = respond({ messages, format: { schema }, temperature: 0, seed: 0, attention: 90 });
    const answer = JSON.parse(text) as { category: string; urgency: string };
    const wanted = expected[ticket.id];
    if (answer.urgency === wanted?.urgency) right.urgency += 1;
    if (answer.category !== wanted?.category) continue;
    right.category += 1;
    byCategory[answer.category] = (byCategory[answer.category] ?? 0) + 1;
  }
  const share = (count: number): number => count / tickets.length;
  return { category: share(right.category), urgency: share(right.urgency), byCategory };
};

const trigrams = (text: string): ReadonlySet<string> => {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.slice(2).map((_word, at) => words.slice(at, at + 3).join(' ')));
};

describe('the example', () => {
  it('has tickets enough, in many languages, each with what is expected of it', () => {
    expect(tickets.length).toBeGreaterThanOrEqual(150);
    expect(new Set(tickets.map((ticket) => ticket.inputs.language)).size).toBeGreaterThanOrEqual(9);
    expect(Object.keys(expected).sort()).toEqual(tickets.map((ticket) => ticket.id).sort());
    expect([...categories].sort()).toEqual([...schema.properties.category.enum].sort());
    const replies = Object.values(expected).filter((each) => each.reply !== undefined);
    expect(replies.length).toBeGreaterThanOrEqual(40);
  });

  it('has no two tickets that are near copies', () => {
    const sets = tickets.map((ticket) =>
      trigrams(`${ticket.inputs.subject} ${ticket.inputs.body}`),
    );
    sets.forEach((one, index) => {
      for (const other of sets.slice(index + 1)) {
        const shared = [...one].filter((trigram) => other.has(trigram)).length;
        expect(shared).toBeLessThanOrEqual(Math.max(3, 0.2 * Math.min(one.size, other.size)));
      }
    });
  });

  it('has no ticket in its prompts', () => {
    const examples = ['triage-v2', 'reply-v2'].flatMap((target) =>
      read(`targets/${target}/prompt.txt`)
        .split('\n')
        .filter((line) => line.startsWith('Ticket: '))
        .map((line) => trigrams(line.slice('Ticket: '.length))),
    );
    expect(examples.length).toBeGreaterThan(20);
    for (const ticket of tickets) {
      const own = trigrams(`${ticket.inputs.subject} ${ticket.inputs.body}`);
      for (const one of examples)
        expect([...one].filter((trigram) => own.has(trigram)).length).toBeLessThanOrEqual(3);
    }
  });

  describe('with the demo model', () => {
    let v1: Accuracy;
    let v2: Accuracy;
    beforeAll(() => {
      v1 = accuracy('triage-v1');
      v2 = accuracy('triage-v2');
    });

    it('the better prompt sorts far better, and neither is perfect', () => {
      expect(v1.category).toBeGreaterThan(0.45);
      expect(v1.category).toBeLessThan(0.65);
      expect(v2.category).toBeGreaterThan(0.78);
      expect(v2.category).toBeLessThan(0.95);
      expect(v2.urgency).toBeGreaterThan(v1.urgency + 0.08);
    });

    it('the naive prompt is no worse where its first guess is right', () => {
      expect(v1.byCategory['billing']).toBeGreaterThanOrEqual(v2.byCategory['billing'] ?? 0);
    });
  });
});

import { describe, expect, it } from '@jest/globals';

import { inOrder } from '../../../src/workflows/move-waiting.js';

/** A row, and notes for it that end when they are let. */
function slowRow() {
  const begun: string[] = [];
  const ends = new Map<string, { readonly write: () => void; readonly fail: () => void }>();
  let row = '';
  return {
    begun,
    row: () => row,
    end: (note: string, how: 'write' | 'fail' = 'write') => ends.get(note)?.[how](),
    send: (note: string): Promise<void> => {
      begun.push(note);
      return new Promise((resolve, reject) => {
        ends.set(note, {
          write: () => {
            row = note;
            resolve();
          },
          fail: () => {
            reject(new Error('Cancelled.'));
          },
        });
      });
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what a move waits for, as its row says', () => {
  it('is what was noted last, also where the note before takes longer', async () => {
    const { begun, row, end, send } = slowRow();
    const note = inOrder(send, () => true);
    const notes = [note('waits for B'), note('waits for none'), note('waits for A')];
    await turn();
    for (const each of ['waits for none', 'waits for B', 'waits for none', 'waits for A']) {
      end(each);
      await turn();
    }
    await Promise.all(notes);
    expect(begun).toEqual(['waits for B', 'waits for none', 'waits for A']);
    expect(row()).toBe('waits for A');
  });

  it('is noted though the note before failed, which only that one tells', async () => {
    const { row, end, send } = slowRow();
    const note = inOrder(send, () => true);
    const [first, second] = [note('one'), note('two')];
    await turn();
    end('one', 'fail');
    await expect(first).rejects.toThrow('Cancelled.');
    await turn();
    end('two');
    await expect(second).resolves.toBeUndefined();
    expect(row()).toBe('two');
  });

  it('is noted at once by an execution that began before, and without a mark where nothing overlaps', async () => {
    const { begun, end, send } = slowRow();
    let asked = 0;
    const note = inOrder(send, () => {
      asked += 1;
      return false;
    });
    const first = note('one');
    end('one');
    await first;
    await turn();
    expect(asked).toBe(0);
    void note('two');
    void note('three');
    expect(begun).toEqual(['one', 'two', 'three']);
    expect(asked).toBe(1);
  });
});

import { describe, expect, it } from '@jest/globals';

import { runTogether } from '../../../src/workers/worker.js';

interface Role {
  run(): Promise<void>;
  end(error?: Error): void;
}

const role = (): Role => {
  let end: (error?: Error) => void = () => undefined;
  const running = new Promise<void>((resolve, reject) => {
    end = (error) => {
      if (error === undefined) resolve();
      else reject(error);
    };
  });
  return { run: () => running, end: (error) => end(error) };
};

describe('the workers of one process', () => {
  it('end together where one fails for good: the others first finish what they have', async () => {
    const [orchestration, cells, publishing] = [role(), role(), role()];
    let asked = 0;
    let over = false;
    const all = runTogether([orchestration, cells, publishing], () => (asked += 1)).finally(
      () => (over = true),
    );
    all.catch(() => undefined);
    cells.end(new Error('the connection to Temporal is lost for good'));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(asked).toBe(1);
    expect(over).toBe(false);
    orchestration.end();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(over).toBe(false);
    publishing.end();
    await expect(all).rejects.toThrow('lost for good');
  });

  it('end well where all do', async () => {
    const roles = [role(), role()];
    const all = runTogether(roles, () => undefined);
    roles.forEach((each) => each.end());
    await expect(all).resolves.toBeUndefined();
  });
});

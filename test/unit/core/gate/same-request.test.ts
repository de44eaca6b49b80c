import { describe, expect, it } from '@jest/globals';

import { gateRequestSchema } from '../../../../src/contracts/gate-protocol.js';
import {
  gateRequestHash,
  isSameGate,
  requestDifferences,
} from '../../../../src/core/gate/same-request.js';
import { contentHash } from '../../../../src/core/ids/hash.js';

const asked = (more: object = {}) =>
  gateRequestSchema.parse({
    project: 'shop',
    name: 'pr-1',
    head: {
      kind: 'start',
      spec: { project: 'shop', name: 'pr-1', target: 't', dataset: { name: 'd' }, ...more },
    },
  });

describe('a gate that is asked for again', () => {
  it('is the same one where only its priority differs, such as at a terminal and in a pipeline', () => {
    const hash = gateRequestHash(asked({ priority: 'ci' }));
    expect(gateRequestHash(asked({ priority: 'interactive' }))).toBe(hash);
    expect(requestDifferences(asked({ priority: 'ci' }), asked())).toEqual([]);
    // As recorded by versions that hashed all of it.
    expect(hash).toBe(contentHash(asked()));
  });

  it('is the same one as a record that says who waits for it and was hashed with that', () => {
    const request = asked({ priority: 'ci' });
    const recorded = { request, requestHash: contentHash(request) };
    expect(recorded.requestHash).not.toBe(gateRequestHash(request));
    for (const priority of ['ci', 'interactive', 'bulk']) {
      expect(isSameGate(recorded, asked({ priority }))).toBe(true);
    }
    expect(isSameGate(recorded, asked({ priority: 'ci', repetitions: 2 }))).toBe(false);
  });

  it('is another one where anything else differs, and only that is listed', () => {
    const [one, other] = [asked({ priority: 'ci' }), asked({ repetitions: 2 })];
    expect(gateRequestHash(one)).not.toBe(gateRequestHash(other));
    expect(requestDifferences(one, other).map(({ at }) => at)).toEqual(['head.spec.repetitions']);
  });

  it('is the same of a run that has ended', () => {
    const ended = { project: 'shop', name: 'g', head: { kind: 'run', name: 'r' } };
    const request = gateRequestSchema.parse(ended);
    expect(gateRequestHash(request)).toBe(contentHash(request));
  });
});

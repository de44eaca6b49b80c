import { describe, expect, it } from '@jest/globals';

import { engineMeasurements } from '../../../bench/engine/suite.js';
import { figureNames, select } from '../../../bench/suite.js';

describe('the suite of the engine', () => {
  it('gives every figure that is promised, each from one measurement', () => {
    expect([...figureNames(engineMeasurements)].sort()).toEqual(
      [
        'efficiencyCells',
        'efficiencyPublished',
        'efficiencyTail',
        'ceiling',
        'cpuMsPerCell',
        'rateLimitedWall',
        'rateLimited429',
        'rssGrowth',
        'rssMax',
        'resumeSigterm',
        'resumeKill',
        'workers2',
        'workers4',
      ].sort(),
    );
  });

  it('runs only what gives the one figure that is asked for', () => {
    const [selected, ...others] = select(engineMeasurements, 'rateLimited429');
    expect(others).toEqual([]);
    expect(selected?.wanted).toEqual(['rateLimited429']);
    expect(select(engineMeasurements, 'nothing')).toEqual([]);
  });
});

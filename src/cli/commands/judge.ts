import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import { registerJudgeCalibrate } from './judge-calibrate.js';
import { registerJudgeCalibration } from './judge-calibration.js';

/** `assay judge …` */
export function registerJudge(program: Command, registration: Registration): void {
  const group = program
    .command('judge')
    .description('Hold judges against what people say')
    .addHelpText(
      'after',
      `
Examples:
  $ assay judge calibrate reply_quality --labels reply-labels
  $ assay judge calibration calibrate-reply_quality-reply-labels`,
    );
  registerJudgeCalibrate(group, registration);
  registerJudgeCalibration(group, registration);
}

import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';

/** `assay judge calibration` */
export function registerJudgeCalibration(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('calibration')
    .description('Show what a calibration came to')
    .argument('<run>', 'the run, as `assay judge calibrate` named it')
    .addHelpText(
      'after',
      `
Examples:
  $ assay judge calibration calibrate-reply_quality-reply-labels
  $ assay judge calibration calibrate-reply_quality-reply-labels --json | jq .judges`,
    );
  handle(command, async (cli) => {
    const [name = ''] = command.args;
    const project = await cli.project();
    const document = await cli.withClient((client) => client.judges.calibration({ project, name }));
    if (cli.json) {
      await cli.out.line(jsonText(document));
      return;
    }
    const { calibrationText } = await import('../results/calibration-text.js');
    await cli.out.line(calibrationText(document, cli.out));
  });
}

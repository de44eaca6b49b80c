import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import { registerExperimentCancel } from './experiment-cancel.js';
import { registerExperimentChange } from './experiment-change.js';
import { registerExperimentList } from './experiment-list.js';
import { registerExperimentPause } from './experiment-pause.js';
import { registerExperimentPlan } from './experiment-plan.js';
import { registerExperimentReopen } from './experiment-reopen.js';
import { registerExperimentReport } from './experiment-report.js';
import { registerExperimentResults } from './experiment-results.js';
import { registerExperimentRun } from './experiment-run.js';
import { registerExperimentStatus } from './experiment-status.js';
import { registerExperimentWatch } from './experiment-watch.js';

/** `assay experiment …` */
export function registerExperiment(program: Command, registration: Registration): void {
  const group = program
    .command('experiment')
    .description('Run experiments and look at them')
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment run --dataset support-tickets --target triage-v1
  $ assay experiment list
  $ assay experiment results nightly-2026-11-21 --status target_error`,
    );
  registerExperimentPlan(group, registration);
  registerExperimentRun(group, registration);
  registerExperimentStatus(group, registration);
  registerExperimentWatch(group, registration);
  registerExperimentList(group, registration);
  registerExperimentPause(group, registration);
  registerExperimentChange(group, registration);
  registerExperimentCancel(group, registration);
  registerExperimentReopen(group, registration);
  registerExperimentResults(group, registration);
  registerExperimentReport(group, registration);
}

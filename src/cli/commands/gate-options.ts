import { InvalidArgumentError, Option, type Command } from 'commander';

import type { GateSettings } from '../../contracts/gate.js';
import type { GateRequestInput } from '../../contracts/gate-protocol.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { priorities } from '../../core/experiment/priority.js';
import { withBackendOption } from '../backend-option.js';
import { dollars, failureLimit, nameList, positiveNumber, wholeNumber } from '../option-values.js';
import { traceOption, type RunOptions } from './experiment-run.js';

/** What a gate compares with. */
export interface BaseOptions {
  readonly baseline?: string;
  readonly base?: string;
  readonly baseTarget?: string;
}

/** What it decides by; what was not given is the config's. */
export interface PolicyOptions {
  readonly margin?: number;
  readonly alpha?: number;
  readonly marginOf?: Readonly<Record<string, number>>;
  readonly maxCostGrowth?: number;
  readonly maxLatencyGrowth?: number;
  readonly slice?: readonly string[];
  readonly cluster?: string;
  readonly stale?: 'refuse' | 'compare';
  readonly missing?: 'worst' | 'exclude';
  readonly inconclusive?: 'pass' | 'fail';
  readonly earlyStop?: boolean;
}

/** A number, such as 0.02; its range is checked with everything else that is asked of the gate. */
export function decimalNumber(text: string): number {
  if (!/^-?\d{1,9}(?:\.\d{1,12})?$/.test(text)) {
    throw new InvalidArgumentError('It must be a number such as 0.02.');
  }
  return Number(text);
}

/** `10%` or `0.1` as a share. */
export function shareOf(text: string): number {
  const [, amount = '', percent] = /^(\d{1,5}(?:\.\d{1,6})?)(%)?$/.exec(text) ?? [];
  if (amount === '') throw new InvalidArgumentError('It must be a share such as 10% or 0.1.');
  // A forgotten % would be a guard that lets everything pass.
  if (percent === undefined && Number(amount) >= 1) {
    throw new InvalidArgumentError(`It is a share: write ${amount}%, or ${Number(amount) * 100}%.`);
  }
  return percent === undefined ? Number(amount) : Number(amount) / 100;
}

const collect = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

const collectMargins = (
  text: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> => {
  const [, name = '', amount = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('It must be a score and its margin: tone=0.05.');
  return { ...before, [name]: decimalNumber(amount) };
};

/** The options of a run that a gate starts. */
export function withRunOptions(
  command: Command,
  { usualPriority }: { readonly usualPriority: string },
): Command {
  return withBackendOption(command)
    .requiredOption('--dataset <name>', 'the dataset: datasets/<name>, or one of the platform')
    .requiredOption('--target <name>', 'what is tested: a target of assay.config.ts')
    .option('--evaluators <names>', 'with commas; default: those that the target names', nameList)
    .option('--repetitions <n>', 'how often each item is run (default 1)', positiveNumber)
    .option('--concurrency <n>', 'cells in flight at once (default 16)', positiveNumber)
    .option('--seed <n>', 'decides the order of the cells (default 1)', wholeNumber)
    .addOption(traceOption())
    .option('--budget <dollars>', 'what the calls of a run may cost; at it the run pauses', dollars)
    .option('--max-failures <limit>', 'end a run early past so many, as 10 or 5%', failureLimit)
    .addOption(
      new Option(
        '--priority <which>',
        `who goes first where a provider is short (default ${usualPriority})`,
      ).choices(priorities),
    )
    .option('--quick <n>', 'only so many items, drawn in strata; see also --seed', positiveNumber)
    .option('--quick-by <pointer>', 'what the strata are, as /expected; default: found by itself')
    .option('--reuse', 'take over what earlier runs made of the same content')
    .option('--early-stop', 'end the run once no rest of it would change the verdict')
    .option('--no-early-stop', 'run all of it, whatever the config says')
    .option('--description <text>', 'shown in the report and on the platform');
}

/** What it compares with. */
export function withBaseOptions(command: Command): Command {
  return command
    .option('--baseline <name>', 'a saved baseline (default: the promoted one of the dataset)')
    .option('--base <run>', 'a run that has ended, instead of a baseline');
}

/** What it decides by. */
export function withPolicyOptions(command: Command): Command {
  return command
    .option('--margin <loss>', 'the loss that is acceptable (default 0.02)', decimalNumber)
    .option('--margin-of <score=loss>', 'the same of one score; may be repeated', collectMargins)
    .option(
      '--alpha <chance>',
      'of calling an unchanged target worse (default 0.05)',
      decimalNumber,
    )
    .option('--max-cost-growth <share>', 'guards the cost of a cell, as 10%', shareOf)
    .option('--max-latency-growth <share>', 'guards the latency of a cell, as 20%', shareOf)
    .option(
      '--slice <pointer>',
      'look at its values apart, as /input/language; may be repeated',
      collect,
    )
    .option('--cluster <pointer>', 'items with the same value belong together')
    .addOption(
      new Option('--stale <how>', 'where the dataset or evaluators changed since the base').choices(
        ['refuse', 'compare'],
      ),
    )
    .addOption(
      new Option('--missing <how>', 'cells of the head without a score').choices([
        'worst',
        'exclude',
      ]),
    )
    .addOption(
      new Option(
        '--inconclusive <how>',
        'what an unknown verdict exits with (default fail)',
      ).choices(['pass', 'fail']),
    );
}

/** The settings that the options ask for. */
export function settingsOf(options: PolicyOptions): GateSettings {
  const { margin, alpha, marginOf, maxCostGrowth, maxLatencyGrowth } = options;
  const { slice, cluster, stale, missing, inconclusive, earlyStop } = options;
  return {
    ...(margin === undefined ? {} : { margin }),
    ...(alpha === undefined ? {} : { alpha }),
    ...(marginOf === undefined
      ? {}
      : {
          evaluators: Object.fromEntries(
            Object.entries(marginOf).map(([name, own]) => [name, { margin: own }]),
          ),
        }),
    ...(maxCostGrowth === undefined ? {} : { cost: { margin: maxCostGrowth } }),
    ...(maxLatencyGrowth === undefined ? {} : { latency: { margin: maxLatencyGrowth } }),
    ...(slice === undefined ? {} : { slices: [...slice] }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(stale === undefined ? {} : { stale }),
    ...(missing === undefined ? {} : { missing }),
    ...(inconclusive === undefined ? {} : { inconclusive }),
    ...(earlyStop === undefined ? {} : { earlyStop }),
  };
}

/** What the options compare with. @throws AssayError USAGE where they name more than one. */
export function baseOf(options: BaseOptions): NonNullable<GateRequestInput['base']> {
  const { baseline, base, baseTarget } = options;
  const given = [
    ['--baseline', baseline],
    ['--base', base],
    ['--base-target', baseTarget],
  ].filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const problems = given.map(([at = '']): Problem => ({
      at,
      message: 'names a base, and so does another option',
    }));
    throw new AssayError('USAGE', 'A run is compared with one base.', { problems });
  }
  if (base !== undefined) return { kind: 'run', name: base };
  if (baseTarget !== undefined) return { kind: 'start', target: baseTarget };
  return { kind: 'baseline', ...(baseline === undefined ? {} : { name: baseline }) };
}

export type GateRunOptions = RunOptions & BaseOptions & PolicyOptions;

import { isFinalStatus } from '../../experiment/naming.js';
import { unpublishedText } from '../../experiment/trace-mode.js';
import { cutText } from '../excerpt.js';
import { count, counted, duration, nOf, percent } from '../figures.js';
import type { ReportModel, ReportRun } from '../report-model.js';
import { moment } from './hero.js';
import { html, type Content, type Markup } from './markup.js';
import { name, prose, section, table } from './pieces.js';

const longestPrompt = 20_000;
const longestRubric = 6_000;
const longestOptions = 2_000;
const mostEvaluators = 60;

/** All that decides a result, and where the run is to be found. */
export function manifestSection({ run }: ReportModel): Markup {
  return section(
    {
      id: 'manifest',
      title: 'What was run',
      aside: html`Manifest ${name(run.manifestHash.slice(0, 12))}`,
    },
    pairs(runPairs(run)),
    targetPart(run.target),
    samplePart(run),
    evaluatorPart(run),
  );
}

function pairs(of: readonly (readonly [string, Content])[]): Markup {
  return html`<dl class="pairs">
    ${of.map(
      ([term, what]) =>
        html`<dt>${term}</dt>
          <dd>${what}</dd> `,
    )}
  </dl>`;
}

function runPairs(run: ReportRun): readonly (readonly [string, Content])[] {
  const { dataset } = run;
  return [
    ['Project', name(run.project)],
    ['Experiment', name(run.experiment)],
    ['Run', name(run.runUid)],
    ['Manifest', name(run.manifestHash)],
    [
      'Dataset',
      html`${name(dataset.name)}${
        dataset.version === null ? null : html`, version ${name(dataset.version)}`
      },
      ${counted(dataset.items, 'item')}`,
    ],
    ['Items hash', name(dataset.itemsHash)],
    ...run.platforms.map(({ platform, project, prompt, datasetVersion }) => {
      const where: readonly Content[] = [
        html`project ${name(project)}`,
        prompt === undefined ? null : html`, prompt ${name(prompt.name)} version ${prompt.version}`,
        datasetVersion === undefined ? null : html`, dataset at ${name(datasetVersion)}`,
      ];
      return [`On ${platform}`, where] as const;
    }),
    ['Repetitions', count(run.repetitions)],
    ['Concurrency', count(run.concurrency)],
    ['Seed', String(run.seed)],
    ['Verify', run.verify],
    ...(run.trace === 'none' ? [['Trace', unpublishedText] as const] : []),
    ['Started', moment(run.startedAt)],
    [
      isFinalStatus(run.status) ? 'Finished' : 'So far',
      `${moment(run.finishedAt)} (${duration(run.durationMs)})`,
    ],
  ];
}

function targetPart(target: ReportRun['target']): Markup {
  return html`<div class="sub">
    <h3>Target ${name(target.name)}</h3>
    ${pairs(targetPairs(target))} ${target.kind === 'prompt' ? promptPart(target.prompt) : null}
  </div> `;
}

function targetPairs(target: ReportRun['target']): readonly (readonly [string, Content])[] {
  switch (target.kind) {
    case 'prompt': {
      const { provider, model, parameters } = target.model;
      return [
        ['Model', name(`${provider}/${model}`)],
        ...(Object.keys(parameters).length === 0
          ? []
          : [['Parameters', json(parameters)] as const]),
        ['Prompt hash', name(target.promptHash)],
        ...(target.responseFormat === undefined
          ? []
          : [['Response format', json(target.responseFormat)] as const]),
      ];
    }
    case 'http':
      return [
        ['Address', html`${prose(target.method)} ${name(target.url)}`],
        ...(target.headers.length === 0
          ? []
          : [['Headers', name(cutText(target.headers.join(', '), longestOptions))] as const]),
      ];
    case 'function':
      return [['Code', name(target.code)]];
  }
}

function json(value: unknown): Content {
  const text = JSON.stringify(value);
  if (text.length <= 120) return name(text);
  const whole = JSON.stringify(value, null, 2);
  return long('Show', { text: whole, longest: longestOptions });
}

function long(title: string, of: { readonly text: string; readonly longest: number }): Markup {
  const shown = cutText(of.text, of.longest);
  return html`<details class="more">
    <summary>
      ${title}${
        shown.length < of.text.length
          ? html` <span class="cut">first ${nOf(shown.length, of.text.length)} characters</span>`
          : null
      }
    </summary>
    <pre class="quote" tabindex="0" aria-label="${title}">${shown}</pre>
  </details>`;
}

function promptPart(
  messages: readonly { readonly role: string; readonly content: string }[],
): Content {
  let left = longestPrompt;
  return messages.slice(0, 50).map(({ role, content }) => {
    const part = long(`Prompt: ${cutText(role, 40)}`, {
      text: content,
      longest: Math.max(200, left),
    });
    left -= content.length;
    return part;
  });
}

function samplePart({ dataset }: ReportRun): Content {
  const { sample } = dataset;
  if (sample?.by === undefined || sample.strata === undefined) return null;
  return html`<div class="sub">
    <h3>The sample</h3>
    <p class="note">
      Strata by ${name(sample.by)}, each with its share, drawn with seed ${sample.seed}.
    </p>
    ${table(
      {
        caption: 'The sample by stratum',
        columns: [
          { heading: 'Stratum' },
          { heading: 'Items', kind: 'number' },
          { heading: 'In the sample', kind: 'number' },
          { heading: 'Share', kind: 'number' },
        ],
      },
      sample.strata.map(({ key, of, items }) => [
        key === '' ? html`<i>without a value</i>` : name(key),
        count(of),
        count(items),
        { show: percent(items / of), sort: items / of },
      ]),
    )}
  </div> `;
}

function evaluatorPart({ evaluators }: ReportRun): Content {
  if (evaluators.length === 0) return null;
  const shown = evaluators.slice(0, mostEvaluators);
  return html`<div class="sub">
    <h3>Evaluators</h3>
    ${table(
      {
        caption: 'Evaluators',
        columns: [
          { heading: 'Evaluator' },
          { heading: 'Kind' },
          { heading: 'Required' },
          { heading: 'Options', kind: 'plain' },
          { heading: 'Judge', kind: 'plain' },
        ],
      },
      shown.map(({ name: evaluator, kind, required, options, judge }) => [
        name(evaluator),
        prose(kind),
        required ? 'yes' : 'no',
        Object.keys(options).length === 0 ? '—' : json(options),
        judge === undefined
          ? '—'
          : [
              name(`${judge.model.provider}/${judge.model.model}`),
              long('Rubric', { text: judge.rubric, longest: longestRubric }),
            ],
      ]),
    )}${
      shown.length < evaluators.length
        ? html`<p class="note">
            Showing ${shown.length} of ${evaluators.length}; <code>report.json</code> holds all.
          </p>`
        : null
    }
  </div> `;
}

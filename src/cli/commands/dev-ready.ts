import { join } from 'node:path';

import { dataPlaces, type StackServices } from '../../devstack/index.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';
import { renderPairs } from '../io/table.js';

/** What `assay dev` tells when all is up. */
export interface DevFacts {
  readonly folder: string;
  readonly services: StackServices;
  /** Undefined where the folder has no config. */
  readonly project: string | undefined;
  readonly workers: number;
}

/** One line for machines: addresses, never a key or a password. */
export function readyLine(facts: DevFacts): string {
  const { folder, services, project, workers } = facts;
  const { postgres, temporal, langfuse, model } = services;
  return jsonText({
    ready: true,
    pid: process.pid,
    folder,
    project: project ?? null,
    workers,
    services: {
      postgres: postgres === undefined ? null : { address: placeOf(postgres.url) },
      temporal: temporal ?? null,
      langfuse:
        langfuse === undefined
          ? null
          : { url: langfuse.url, projectId: langfuse.projectId ?? null },
      model: model === undefined ? null : { url: model.url },
    },
    logs: logsOf(folder),
  });
}

/** The same for people. */
export function readyText(facts: DevFacts, sink: Sink): string {
  const { folder, project, workers } = facts;
  const { postgres, temporal, langfuse, model } = facts.services;
  const { bold, cyan, dim } = sink.colours;
  const pairs: (readonly [string, string])[] = [];
  if (temporal?.uiUrl !== undefined) pairs.push(['Temporal UI', cyan(temporal.uiUrl)]);
  if (temporal !== undefined) pairs.push(['Temporal', sink.safe(temporal.address)]);
  if (langfuse !== undefined) {
    const note =
      langfuse.projectId === undefined ? '' : dim(' dev server; keys in .assay/stack.json');
    pairs.push(['Langfuse', `${cyan(sink.safe(langfuse.url))}${note}`]);
  }
  if (postgres !== undefined) pairs.push(['Postgres', sink.safe(placeOf(postgres.url))]);
  if (model !== undefined) pairs.push(['Model', sink.safe(model.url)]);
  pairs.push(['Workers', workersText(project, workers)], ['Logs', sink.safe(logsOf(folder))]);
  return [
    `\n${bold('Assay is up')} in ${sink.safe(folder)}`,
    renderPairs(pairs).replace(/^/gm, '  '),
    dim(sink.safe(stayingText(folder))),
  ].join('\n');
}

/** Where the data is; a folder of Postgres outside of the project would be left behind by whoever deletes the project. */
function stayingText(folder: string): string {
  const [, ...outside] = dataPlaces(folder);
  const postgres = outside.length === 0 ? '' : `, that of Postgres in ${outside.join(', ')}`;
  return `Ctrl-C stops everything; the data stays in .assay/${postgres}.`;
}

function workersText(project: string | undefined, workers: number): string {
  if (project === undefined) return 'none: there is no assay.config.ts in this folder';
  if (workers === 0) return `none (project ${project})`;
  return `${workers} (project ${project})`;
}

const logsOf = (folder: string): string => join(folder, '.assay', 'logs');

/** `host:port/database`: the URL holds a password. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}${pathname}`;
}

import { join } from 'node:path';

import type { SupervisedChild } from './child.js';
import { langfuseChoices } from './langfuse-choices.js';
import { nodeChild } from './node-child.js';
import { claimPort } from './ports.js';
import {
  postgresAccount,
  postgresBinaries,
  postgresPlace,
  startPostgres,
} from './postgres/index.js';
import type { ServiceName, StackOptions, StackServices } from './stack-options.js';
import type { StateKeeper } from './state-keeper.js';
import { resolveTemporal, startTemporal } from './temporal/index.js';

/** What a service needs to be started. */
export interface LaunchContext {
  readonly options: StackOptions;
  readonly state: StateKeeper;
  readonly signal: AbortSignal;
}

/** A started service: how others reach it, and its supervision. */
export interface Launched<Name extends ServiceName> {
  readonly service: NonNullable<StackServices[Name]>;
  readonly child: SupervisedChild;
}

const below = (context: LaunchContext, ...parts: readonly string[]): string =>
  join(context.options.projectDir, '.assay', ...parts);

const logFile = (context: LaunchContext, name: ServiceName): string =>
  below(context, 'logs', `${name}.log`);

export const launchPostgres = async (context: LaunchContext): Promise<Launched<'postgres'>> => {
  const { options, state, signal } = context;
  const account = postgresAccount();
  const place = postgresPlace(options.projectDir, account);
  const binaries = await postgresBinaries({ account, copyFolder: () => place.copyFolder() });
  const server = await startPostgres({
    folder: place.folder,
    account,
    binaries,
    port: options.ports?.postgres,
    preferredPort: state.ports.postgres,
    logFile: logFile(context, 'postgres'),
    log: options.log,
    onProcess: (identity) => state.noteProcess('postgres', identity),
    signal,
  });
  state.notePorts({ postgres: server.port });
  return { service: { url: server.url }, child: server.child };
};

export const launchTemporal = async (context: LaunchContext): Promise<Launched<'temporal'>> => {
  const { options, state, signal } = context;
  const server = await startTemporal({
    program: await resolveTemporal({ log: options.log, signal }),
    folder: below(context, 'temporal'),
    port: options.ports?.temporal,
    uiPort: options.ports?.temporalUi,
    preferredPort: state.ports.temporal,
    preferredUiPort: state.ports.temporalUi,
    logFile: logFile(context, 'temporal'),
    ...(options.searchAttributes && { searchAttributes: options.searchAttributes }),
    log: options.log,
    onProcess: (identity) => state.noteProcess('temporal', identity),
    signal,
  });
  state.notePorts({ temporal: server.port, temporalUi: server.uiPort });
  const { address, namespace, uiUrl, child } = server;
  return { service: { address, namespace, uiUrl }, child };
};

export const launchLangfuse = async (
  context: LaunchContext,
  databaseUrl: string,
): Promise<Launched<'langfuse'>> => {
  const { options, state, signal } = context;
  const { langfusePublicKey, langfuseSecretKey, langfuseProjectId } = state.keys;
  const port = await claimPort({
    port: options.ports?.langfuse,
    preferred: state.ports.langfuse,
    service: 'the Langfuse dev server',
    setBy: '--langfuse-port',
  });
  const keys = { publicKey: langfusePublicKey, secretKey: langfuseSecretKey };
  const projectId = options.langfuse?.projectId ?? langfuseProjectId;
  const { child, url } = nodeChild({
    name: 'The Langfuse dev server',
    folder: 'langfuse',
    options: {
      projectName: 'assay',
      ...langfuseChoices(options.env ?? process.env),
      ...options.langfuse,
      databaseUrl,
      port,
      ...keys,
      projectId,
    },
    logFile: logFile(context, 'langfuse'),
    log: options.log,
    onProcess: (identity) => state.noteProcess('langfuse', identity),
  });
  await child.start(signal);
  state.notePorts({ langfuse: port });
  return { service: { url: url(), ...keys, projectId }, child };
};

/** The OpenAI SDK appends `/chat/completions` to its base URL, which ends in `/v1`. */
const withVersion = (url: string): string =>
  /\/v1\/?$/.test(url) ? url : `${url.replace(/\/$/, '')}/v1`;

export const launchModel = async (context: LaunchContext): Promise<Launched<'model'>> => {
  const { options, state, signal } = context;
  const port = await claimPort({
    port: options.ports?.model,
    preferred: state.ports.model,
    service: 'the demo model',
    setBy: '--model-port',
  });
  const apiKey = state.keys.modelApiKey;
  const { child, url } = nodeChild({
    name: 'The demo model',
    folder: 'model',
    options: { ...options.model, port, apiKey },
    logFile: logFile(context, 'model'),
    log: options.log,
    onProcess: (identity) => state.noteProcess('model', identity),
  });
  await child.start(signal);
  state.notePorts({ model: port });
  return { service: { url: withVersion(url()), apiKey }, child };
};

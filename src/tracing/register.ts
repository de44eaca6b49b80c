import { createRequire } from 'node:module';

import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { ContextAPI, TraceAPI, TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

import { blindTo, type ApiChoice, type ApiCopy } from './api-copies.js';
import { Attempt, createAttemptsState } from './attempt.js';
import type { CellTracing } from './port.js';
import { createAttemptProvider } from './provider.js';

/** Something that whoever runs the worker should know. */
export type TracingEvent =
  /** Code had registered a provider: the API's global one, or one for `@langfuse/tracing` alone. */
  | { readonly kind: 'replaced'; readonly provider: 'global' | 'langfuse' }
  /** Code that imports one of these copies of the API makes spans that nobody has. */
  | { readonly kind: 'blind'; readonly copies: readonly ApiCopy[] }
  /** Spans that began where no attempt was; nobody has them. */
  | { readonly kind: 'strays'; readonly spans: number };

interface Registration {
  readonly tracing: CellTracing;
  readonly provider: TracerProvider;
  tell: (event: TracingEvent) => void;
}

let registration: Registration | undefined;

/**
 * Makes this process collect the spans of cells through OpenTelemetry's global API. Once per process, before any code of users
 * is loaded: what comes first stays, and an instrumentation file that registers its own provider later is told so by the API.
 *
 * Providers that were registered all the same are replaced, by the first cell at the latest: their exporters get no spans of
 * cells, or each would stand on the platform twice.
 *
 * @param choice of the copies of the API that the project can import. A copy does not see what an older one has registered, so it is
 *   the newest that registers. Default: Assay's own, alone.
 */
export function registerTracing(
  tell: (event: TracingEvent) => void,
  choice?: ApiChoice,
): CellTracing {
  if (registration === undefined) {
    const api = apiOf(choice);
    registration = register(api);
    const copies = blindCopies(api, choice, registration.provider);
    if (copies.length > 0) tell({ kind: 'blind', copies });
  }
  registration.tell = tell;
  return registration.tracing;
}

/** What a copy of OpenTelemetry's API registers with. */
interface Api {
  readonly trace: TraceAPI;
  readonly context: ContextAPI;
}

function apiOf(choice: ApiChoice | undefined): Api {
  const own: Api = { trace, context };
  if (choice?.registrar === undefined || choice.isOwn) return own;
  try {
    return createRequire(import.meta.url)(choice.registrar.folder) as Api;
  } catch {
    // A copy that cannot be loaded is imported by nobody.
    return own;
  }
}

/** Of the process's API, whichever copy made it. */
const globalApi = Symbol.for('opentelemetry.js.api.1');

/** Seen in what stands there now: whoever was first (`node --import`) decided its version. */
function blindCopies(
  api: Api,
  choice: ApiChoice | undefined,
  provider: TracerProvider,
): readonly ApiCopy[] {
  if (choice === undefined) return [];
  if (current(api) !== provider) return choice.project;
  const holder = globalThis as { [globalApi]?: { readonly version?: string } };
  const version = holder[globalApi]?.version ?? choice.registrar?.version;
  return version === undefined ? [] : blindTo(version, choice.project);
}

/** Strays come by the thousand or not at all. */
const straysEveryMs = 60_000;

function register(api: Api): Registration {
  const state = createAttemptsState();
  const provider = createAttemptProvider(state);
  useContexts(api);
  let toldAt = -Infinity;
  const tellStrays = (): void => {
    const now = performance.now();
    if (state.strays === 0 || now - toldAt < straysEveryMs) return;
    toldAt = now;
    made.tell({ kind: 'strays', spans: state.strays });
    state.strays = 0;
  };
  const claim = (): void => {
    if (claimGlobal(api, provider)) made.tell({ kind: 'replaced', provider: 'global' });
    if (claimLangfuse(provider)) made.tell({ kind: 'replaced', provider: 'langfuse' });
  };
  const made: Registration = {
    tracing: {
      begin(of) {
        claim();
        tellStrays();
        return new Attempt(of, state);
      },
    },
    provider,
    tell: () => undefined,
  };
  claim();
  return made;
}

/** Whoever was first (`node --import`) has a context manager that serves as well; one that does not is replaced. */
function useContexts(api: Api): void {
  const manager = new AsyncLocalStorageContextManager().enable();
  if (api.context.setGlobalContextManager(manager)) return;
  const probe = createContextKey('assay probe');
  const works = api.context.with(
    ROOT_CONTEXT.setValue(probe, true),
    () => api.context.active().getValue(probe) === true,
  );
  if (works) return;
  api.context.disable();
  api.context.setGlobalContextManager(manager);
}

/** @returns whether another one had to go. */
function claimGlobal(api: Api, provider: TracerProvider): boolean {
  if (current(api) === provider) return false;
  if (api.trace.setGlobalTracerProvider(provider)) return false;
  api.trace.disable();
  return api.trace.setGlobalTracerProvider(provider);
}

// The API hands out a proxy; tests and older versions may hand out the provider itself.
function current(api: Api): TracerProvider {
  const provider: TracerProvider & { getDelegate?: () => TracerProvider } =
    api.trace.getTracerProvider();
  return provider.getDelegate?.() ?? provider;
}

/** Where `@langfuse/tracing` keeps the provider that `setLangfuseTracerProvider` gave it. */
const langfuseState = Symbol.for('langfuse');

function claimLangfuse(provider: TracerProvider): boolean {
  const holder = globalThis as { [langfuseState]?: { isolatedTracerProvider?: unknown } };
  const state = holder[langfuseState];
  const theirs = state?.isolatedTracerProvider;
  if (state === undefined || theirs === undefined || theirs === null || theirs === provider) {
    return false;
  }
  state.isolatedTracerProvider = provider;
  return true;
}

import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

import { Attempt, createAttemptsState } from './attempt.js';
import type { CellTracing } from './port.js';
import { createAttemptProvider } from './provider.js';

/** Something that whoever runs the worker should know. */
export type TracingEvent =
  /** Code had registered a provider: the API's global one, or one for `@langfuse/tracing` alone. */
  | { readonly kind: 'replaced'; readonly provider: 'global' | 'langfuse' }
  /** Spans that began where no attempt was; nobody has them. */
  | { readonly kind: 'strays'; readonly spans: number };

interface Registration {
  readonly tracing: CellTracing;
  tell: (event: TracingEvent) => void;
}

let registration: Registration | undefined;

/**
 * Makes this process collect the spans of cells through OpenTelemetry's global API. Once per process, before any code of users
 * is loaded: what comes first stays, and an instrumentation file that registers its own provider later is told so by the API.
 *
 * Providers that were registered all the same are replaced, by the first cell at the latest: their exporters get no spans of
 * cells, or each would stand on the platform twice.
 */
export function registerTracing(tell: (event: TracingEvent) => void): CellTracing {
  registration ??= register();
  registration.tell = tell;
  return registration.tracing;
}

/** Strays come by the thousand or not at all. */
const straysEveryMs = 60_000;

function register(): Registration {
  const state = createAttemptsState();
  const provider = createAttemptProvider(state);
  useContexts();
  let toldAt = -Infinity;
  const tellStrays = (): void => {
    const now = performance.now();
    if (state.strays === 0 || now - toldAt < straysEveryMs) return;
    toldAt = now;
    made.tell({ kind: 'strays', spans: state.strays });
    state.strays = 0;
  };
  const claim = (): void => {
    if (claimGlobal(provider)) made.tell({ kind: 'replaced', provider: 'global' });
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
    tell: () => undefined,
  };
  claim();
  return made;
}

/** Whoever was first (`node --import`) has a context manager that serves as well; one that does not is replaced. */
function useContexts(): void {
  const manager = new AsyncLocalStorageContextManager().enable();
  if (context.setGlobalContextManager(manager)) return;
  const probe = createContextKey('assay probe');
  const works = context.with(
    ROOT_CONTEXT.setValue(probe, true),
    () => context.active().getValue(probe) === true,
  );
  if (works) return;
  context.disable();
  context.setGlobalContextManager(manager);
}

/** @returns whether another one had to go. */
function claimGlobal(provider: TracerProvider): boolean {
  if (current() === provider) return false;
  if (trace.setGlobalTracerProvider(provider)) return false;
  trace.disable();
  trace.setGlobalTracerProvider(provider);
  return true;
}

// The API hands out a proxy; tests and older versions may hand out the provider itself.
function current(): TracerProvider {
  const provider: TracerProvider & { getDelegate?: () => TracerProvider } =
    trace.getTracerProvider();
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

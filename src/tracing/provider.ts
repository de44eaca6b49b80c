import {
  context,
  INVALID_SPAN_CONTEXT,
  trace,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import { AlwaysOnSampler, TracerProvider as SdkProvider } from '@opentelemetry/sdk-trace';

import { placeOf, type AttemptsState, type MakeSpan, type Place } from './attempt.js';
import { addPropagated } from './conventions/langfuse-context.js';
import { traceLimits } from './limits.js';

/**
 * Gives tracers whose spans go to the attempt that they were made in, and nowhere else: this process exports none.
 *
 * The ids of spans are made before the SDK makes the span, since an id that user code reads or sends on (`traceparent`) must be
 * the one that is published.
 */
export function createAttemptProvider(state: AttemptsState): TracerProvider {
  // A span is made in one breath, so no other can come between the two.
  let next = { traceId: '', spanId: '' };
  const sdk = new SdkProvider({
    // What the process's environment says of sampling and limits is meant for the team's own services.
    sampler: new AlwaysOnSampler(),
    spanLimits: {
      attributeCountLimit: 512,
      // One more than is shown, so that what was cut can be told.
      attributeValueLengthLimit: traceLimits.fieldCharacters + 1,
      eventCountLimit: 32,
      linkCountLimit: 8,
    },
    idGenerator: { generateSpanId: () => next.spanId, generateTraceId: () => next.traceId },
    spanProcessors: [
      {
        onStart: addPropagated,
        onEnd: (span) => state.owners.get(span)?.take(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  return {
    getTracer: (name, version, options) => {
      const tracer = sdk.getTracer(name, version, options);
      const make: MakeSpan = ({ spanId, name: spanName, options: given }, parent) => {
        next = { spanId, traceId: trace.getSpanContext(parent)?.traceId ?? '' };
        return tracer.startSpan(spanName, { ...given, root: false }, parent);
      };
      return new AttemptTracer(state, make);
    },
  };
}

class AttemptTracer implements Tracer {
  readonly #state: AttemptsState;
  readonly #make: MakeSpan;

  constructor(state: AttemptsState, make: MakeSpan) {
    this.#state = state;
    this.#make = make;
  }

  startSpan(name: string, options: SpanOptions = {}, active: Context = context.active()): Span {
    const place = placeOf(active) ?? this.#placeOfParent(active);
    if (place !== undefined) {
      return place.attempt.startSpan(place, { name, options, active }, this.#make);
    }
    this.#state.strays += 1;
    return trace.wrapSpanContext(trace.getSpanContext(active) ?? INVALID_SPAN_CONTEXT);
  }

  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...rest: readonly [F] | readonly [SpanOptions, F] | readonly [SpanOptions, Context, F]
  ): ReturnType<F> {
    const work = rest.at(-1) as F;
    const options = rest.length > 1 ? (rest[0] as SpanOptions) : {};
    const active = rest.length > 2 ? (rest[1] as Context) : context.active();
    const span = this.startSpan(name, options, active);
    return context.with(trace.setSpan(active, span), () => work(span) as ReturnType<F>);
  }

  /** Callbacks of pools and emitters can run without the context that they were made in. */
  #placeOfParent(active: Context): Place | undefined {
    const parent = trace.getSpanContext(active);
    if (parent === undefined) return undefined;
    return this.#state.open.get(parent.traceId)?.placeOfParent(parent.spanId);
  }
}

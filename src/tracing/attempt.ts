import {
  context,
  createContextKey,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

import type { TracedSpan } from '../contracts/records.js';
import { cellSpanId } from '../core/ids/platform-ids.js';
import { pathInPass } from '../core/experiment/judge-path.js';
import { jsonSize } from '../core/json/size.js';
import type { Json } from '../core/json/json.js';
import { traceLimits } from './limits.js';
import type { AttemptOf, AttemptTrace, TracedPlace } from './port.js';
import { readSpan } from './read-span.js';
import { createSpanPaths } from './span-path.js';

/** What attempts share: the room for their spans, and the way from a trace to its attempt. */
export interface AttemptsState {
  /** Characters held by attempts that are under way. */
  held: number;
  /** By trace id; of two attempts at one cell the later. */
  readonly open: Map<string, Attempt>;
  /** Whose a span is. */
  readonly owners: WeakMap<object, Attempt>;
  /** Spans that began where no attempt was: after its end, or outside of cells. */
  strays: number;
}

export const createAttemptsState = (): AttemptsState => ({
  held: 0,
  open: new Map(),
  owners: new WeakMap(),
  strays: 0,
});

/** Makes an SDK's span with this id. */
export type MakeSpan = (
  of: { readonly spanId: string; readonly name: string; readonly options: SpanOptions },
  parent: Context,
) => Span;

/** Where code of an attempt runs, as its context knows it. */
export interface Place {
  readonly attempt: Attempt;
  readonly path: string;
  readonly spanId: string;
  ended: boolean;
}

interface Entry {
  readonly place: Place;
  readonly path: string;
  readonly parent: string;
  /** Where the span stands among those of the attempt. */
  readonly index: number;
  readonly span: Span;
}

const placeKey = createContextKey('assay traced place');

/** The place that code with this context belongs to. */
export const placeOf = (active: Context): Place | undefined =>
  active.getValue(placeKey) as Place | undefined;

/** One attempt at a cell: takes the spans that begin in its contexts, and none of its neighbours'. */
export class Attempt implements AttemptTrace {
  readonly #of: AttemptOf;
  readonly #state: AttemptsState;
  readonly #places = new Map<string, Place>();
  readonly #paths = createSpanPaths((path) => this.#places.has(path));
  readonly #entries = new Map<string, Entry>();
  readonly #spans: (TracedSpan | undefined)[] = [];
  #leftOut = 0;
  #held = 0;
  #ending = false;
  #closed = false;

  constructor(of: AttemptOf, state: AttemptsState) {
    this.#of = of;
    this.#state = state;
    state.open.set(of.traceId, this);
  }

  place(path: string): TracedPlace {
    const place: Place = { attempt: this, path, spanId: this.#spanIdAt(path), ended: false };
    this.#places.set(path, place);
    const active = trace
      .setSpanContext(ROOT_CONTEXT, this.#spanContext(place.spanId))
      .setValue(placeKey, place);
    return {
      run: (work) => context.with(active, work),
      current: () => this.#entryOf(context.active())?.path,
      outside: (work) => context.with(ROOT_CONTEXT, work),
      end: () => {
        this.#end(place);
      },
    };
  }

  spans(): { spans?: readonly TracedSpan[]; spansLeftOut?: number } {
    const spans = this.#spans.filter((span) => span !== undefined);
    return {
      ...(spans.length === 0 ? {} : { spans }),
      ...(this.#leftOut === 0 ? {} : { spansLeftOut: this.#leftOut }),
    };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const place of this.#places.values()) this.#end(place);
    this.#state.held -= this.#held;
    const { traceId } = this.#of;
    if (this.#state.open.get(traceId) === this) this.#state.open.delete(traceId);
  }

  /** The place of a span whose context was lost on the way, by the span that it names as its parent. */
  placeOfParent(spanId: string): Place | undefined {
    const entry = this.#entries.get(spanId);
    if (entry !== undefined) return entry.place;
    return [...this.#places.values()].find((place) => place.spanId === spanId);
  }

  /** Begins a span at a place of this attempt. */
  startSpan(
    place: Place,
    of: { readonly name: string; readonly options: SpanOptions; readonly active: Context },
    make: MakeSpan,
  ): Span {
    const { name, options, active } = of;
    const above = options.root === true ? undefined : this.#entryOf(active);
    const parentId = above?.span.spanContext().spanId ?? place.spanId;
    if (place.ended || this.#entries.size >= traceLimits.spans) {
      if (this.#closed) this.#state.strays += 1;
      else this.#leftOut += 1;
      // Its own children hang on what is above it.
      return trace.wrapSpanContext(this.#spanContext(parentId));
    }
    const parent = above?.path ?? place.path;
    const path = this.#paths.next(parent, name);
    const spanId = this.#spanIdAt(path);
    const span = make(
      { spanId, name, options },
      trace.setSpanContext(active, this.#spanContext(parentId)),
    );
    // A library told the SDK to make none here.
    if (!span.isRecording()) return span;
    this.#entries.set(spanId, { place, path, parent, index: this.#spans.length, span });
    this.#state.owners.set(span, this);
    this.#spans.push(undefined);
    return span;
  }

  /** Takes a span that has ended. */
  take(span: ReadableSpan): void {
    const entry = this.#entries.get(span.spanContext().spanId);
    if (entry === undefined) return;
    const full =
      this.#held >= traceLimits.cellCharacters || this.#state.held >= traceLimits.workerCharacters;
    const { path, parent } = entry;
    const read = readSpan(span, { path, parent, unfinished: this.#ending, bare: full });
    const size = jsonSize(read as unknown as Json);
    this.#held += size;
    this.#state.held += size;
    this.#spans[entry.index] = read;
  }

  #end(place: Place): void {
    if (place.ended) return;
    for (const { place: own, index, span } of this.#entries.values()) {
      if (own !== place || this.#spans[index] !== undefined) continue;
      this.#ending = true;
      span.end();
      this.#ending = false;
    }
    place.ended = true;
  }

  #entryOf(active: Context): Entry | undefined {
    const above = trace.getSpanContext(active);
    return above === undefined ? undefined : this.#entries.get(above.spanId);
  }

  #spanContext(spanId: string) {
    return { traceId: this.#of.traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  }

  #spanIdAt(path: string): string {
    const { pass } = this.#of;
    return cellSpanId(this.#of, pass === undefined ? path : pathInPass(pass, path));
  }
}

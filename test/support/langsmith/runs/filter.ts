import { microsOf } from '../clock.js';
import { refusal } from '../http/errors.js';
import type { ObjectMap } from '../http/validate.js';
import type { Workspace } from '../workspace.js';
import type { Run } from './run.js';

type Term = string | number | boolean | null | Expression;
interface Expression {
  readonly name: string;
  readonly terms: readonly Term[];
}
type Test = (run: Run) => boolean;

/**
 * A subset of the trace query language: and, or, not, eq, neq, gt, gte, lt, lte, in and has(tags, …), over id, name, run_type,
 * status, error, start_time, end_time, latency, trace_id, parent_run_id, reference_example, metadata_key, metadata_value,
 * feedback_key and feedback_score. Refuses anything else with 400, so that no filter is silently ignored.
 */
export function parseFilter(text: string, workspace: Workspace): Test {
  const parser = new Parser(text);
  const term = parser.term();
  if (!parser.done || !isExpression(term)) throw unknown(text);
  return testOf(term, workspace);
}

function testOf(expression: Expression, workspace: Workspace): Test {
  const { name, terms } = expression;
  const inner = () =>
    terms.map((term) => {
      if (!isExpression(term)) throw unknown(name);
      return testOf(term, workspace);
    });
  if (name === 'and') {
    const metadata = metadataPair(terms);
    if (metadata !== undefined) return metadata;
    const tests = inner();
    return (run) => tests.every((test) => test(run));
  }
  if (name === 'or') {
    const tests = inner();
    return (run) => tests.some((test) => test(run));
  }
  if (name === 'not') {
    const [test] = inner();
    return (run) => test?.(run) === false;
  }
  return comparison(expression, workspace);
}

/** `and(eq(metadata_key, "k"), eq(metadata_value, "v"))` speaks of one and the same entry. */
function metadataPair(terms: readonly Term[]): Test | undefined {
  const named = (wanted: string) =>
    terms.find(
      (term) => isExpression(term) && term.name === 'eq' && isField(term.terms[0], wanted),
    );
  const [key, value] = [named('metadata_key'), named('metadata_value')] as (
    Expression | undefined
  )[];
  if (key === undefined || value === undefined || terms.length !== 2) return undefined;
  const [name, wanted] = [key.terms[1], value.terms[1]];
  if (typeof name !== 'string' || isExpression(wanted)) throw unknown('metadata_key');
  return (run) => String(metadataOf(run)[name]) === String(wanted);
}

function comparison({ name, terms }: Expression, workspace: Workspace): Test {
  const [field, wanted] = terms;
  if (field === undefined || !isExpression(field) || field.terms.length > 0) throw unknown(name);
  const read = fields[field.name];
  if (read === undefined) throw unknown(field.name);
  const values = (run: Run) => read(run, workspace);
  if (name === 'in' && isExpression(wanted) && wanted.name === '[')
    return (run) => values(run).some((value) => wanted.terms.includes(value as Term));
  if (wanted !== undefined && isExpression(wanted)) throw unknown(wanted.name);
  const against = comparable(field.name, wanted ?? null);
  switch (name) {
    case 'has':
    case 'eq':
      return (run) => values(run).includes(against);
    case 'neq':
      return (run) => !values(run).includes(against);
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return (run) => values(run).some((value) => ordered(name, value, against));
    default:
      throw unknown(name);
  }
}

function ordered(name: 'gt' | 'gte' | 'lt' | 'lte', value: unknown, against: unknown): boolean {
  if (value === null || against === null || typeof value !== typeof against) return false;
  const [a, b] = [value as number, against as number];
  if (name === 'gt') return a > b;
  if (name === 'gte') return a >= b;
  return name === 'lt' ? a < b : a <= b;
}

const comparable = (field: string, value: unknown): unknown =>
  field.endsWith('_time') ? (microsOf(value) ?? null) : value;

const metadataOf = (run: Run): ObjectMap => (run.extra['metadata'] as ObjectMap | undefined) ?? {};

const feedbackOf = ({ feedback }: Workspace, run: Run) =>
  [...feedback.values()].filter((row) => row.runId === run.id && row.visibleAt <= Date.now());

const fields: Readonly<Record<string, (run: Run, workspace: Workspace) => readonly unknown[]>> = {
  id: (run) => [run.id],
  name: (run) => [run.name],
  run_type: (run) => [run.runType],
  status: (run) => [run.error !== null ? 'error' : run.endTime === null ? 'pending' : 'success'],
  error: (run) => [run.error],
  is_root: (run) => [run.parentRunId === null],
  start_time: (run) => [run.startTime],
  end_time: (run) => [run.endTime],
  latency: (run) => [run.endTime === null ? null : (run.endTime - run.startTime) / 1e6],
  trace_id: (run) => [run.traceId],
  parent_run_id: (run) => [run.parentRunId],
  reference_example: (run) => [run.referenceExampleId],
  tags: (run) => run.tags,
  metadata_key: (run) => Object.keys(metadataOf(run)),
  metadata_value: (run) => Object.values(metadataOf(run)),
  feedback_key: (run, workspace) => feedbackOf(workspace, run).map(({ key }) => key),
  feedback_score: (run, workspace) => feedbackOf(workspace, run).map(({ score }) => score),
};

const isExpression = (term: Term | undefined): term is Expression =>
  typeof term === 'object' && term !== null;
const isField = (term: Term | undefined, name: string): boolean =>
  isExpression(term) && term.name === name && term.terms.length === 0;
const unknown = (what: string) =>
  refusal(400, `The test server does not know this filter: ${what}`, 'api');

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    const pattern = /\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\w.+-]+|[(),[\]])/gy;
    const tokens = [...text.matchAll(pattern)];
    if (tokens.map(([all]) => all).join('') !== text.trimEnd()) throw unknown(text);
    this.#tokens = tokens.map(([, token = '']) => token);
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  term(): Term {
    const token = this.#next();
    if (token === '[') return { name: '[', terms: this.#until(']') };
    if (this.#tokens[this.#at] === '(') {
      this.#next();
      return { name: token, terms: this.#until(')') };
    }
    return literal(token);
  }

  #until(close: string): readonly Term[] {
    const terms: Term[] = [];
    for (;;) {
      if (this.#tokens[this.#at] === close) {
        this.#next();
        return terms;
      }
      terms.push(this.term());
      if (this.#tokens[this.#at] === ',') this.#next();
      else if (this.#tokens[this.#at] !== close) throw unknown(this.#tokens.join(''));
    }
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw unknown(this.#tokens.join(''));
    this.#at += 1;
    return token;
  }
}

function literal(token: string): Term {
  if (/^["']/.test(token)) return token.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  if (/^-?\d+(?:\.\d+)?$/.test(token)) return Number(token);
  if (/^(?:true|false)$/i.test(token)) return token.toLowerCase() === 'true';
  if (/^(?:null|none)$/i.test(token)) return null;
  return { name: token, terms: [] };
}

import Mustache from 'mustache';

import type { PromptMessage } from '../contracts/prompt.js';
import { isObject, type Json, type JsonObject } from '../core/json/json.js';

/** A message as a model is sent it. */
export interface RenderedMessage {
  readonly role: string;
  readonly content: string;
}

/** Which roles the messages of a placeholder may have. */
export type RoleCheck = (role: string) => boolean;
const anyRole: RoleCheck = (role) => role !== '';

/**
 * Fills templates with an input. Escaping is off (a prompt is no HTML); objects and lists become JSON. The messages of a
 * placeholder are put in as they are: they are no templates.
 */
export function renderPrompt(
  messages: readonly PromptMessage[],
  input: JsonObject,
  isRole: RoleCheck = anyRole,
): readonly RenderedMessage[] {
  const view = printable(input);
  return messages.flatMap((message): readonly RenderedMessage[] => {
    if ('placeholder' in message) return messagesIn(input, message.placeholder, isRole) ?? [];
    const { role, content } = message;
    const escape = (text: string): string => text;
    return [{ role, content: Mustache.render(content, view, undefined, { escape }) }];
  });
}

/** The list of messages that an input has under a name; undefined where it is none. */
function messagesIn(
  input: JsonObject,
  name: string,
  isRole: RoleCheck,
): readonly RenderedMessage[] | undefined {
  const list = Object.hasOwn(input, name) ? input[name] : undefined;
  if (!Array.isArray(list)) return undefined;
  const messages: RenderedMessage[] = [];
  for (const each of list as readonly Json[]) {
    if (!isObject(each)) return undefined;
    const { role, content } = each;
    if (typeof role !== 'string' || !isRole(role) || typeof content !== 'string') return undefined;
    messages.push({ role, content });
  }
  return messages;
}

// A copy for Mustache. Objects and lists print themselves as JSON instead of "[object Object]" and "a,b", and stay what
// they are for sections and dotted names. Without a prototype `{{constructor}}` names nothing.
function printable(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const copy: object = Array.isArray(value)
    ? value.map((entry: Json) => printable(entry))
    : Object.assign(
        Object.create(null) as object,
        Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, printable(entry)])),
      );
  return Object.defineProperty(copy, Symbol.toPrimitive, { value: () => JSON.stringify(value) });
}

/** The variables of a prompt (`name`, or `customer.name` for a field of one) that an input lacks. */
export function lackingVariables(
  variables: readonly string[],
  input: JsonObject,
  of: { readonly placeholders?: readonly string[]; readonly isRole?: RoleCheck } = {},
): string[] {
  const { placeholders = [], isRole = anyRole } = of;
  return variables.flatMap((name) => {
    if (placeholders.includes(name)) {
      return messagesIn(input, name, isRole) === undefined ? [`${name} (a list of messages)`] : [];
    }
    return hasPath(input, name.split('.')) ? [] : [name];
  });
}

function hasPath(value: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  if (value === null || value === undefined || !Object.hasOwn(Object(value) as object, first))
    return false;
  return hasPath((value as Readonly<Record<string, unknown>>)[first], rest);
}

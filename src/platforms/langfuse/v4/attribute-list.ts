import type { Json } from '../../../core/json/json.js';
import { shortText, type FieldTexts } from '../../trace/field-text.js';
import { attribute } from './attributes.js';

/** An attribute as it stands in the request: a member of a span's list, as JSON. */
export function attributeJson(key: string, text: string): string {
  return `${beginning(key)}${JSON.stringify(text)}}}`;
}

const beginnings = new Map<string, string>();

// Keys are ours and few.
function beginning(key: string): string {
  const known = beginnings.get(key);
  if (known !== undefined) return known;
  const made = `{"key":${JSON.stringify(key)},"value":{"stringValue":`;
  beginnings.set(key, made);
  return made;
}

/**
 * The attributes of one span as they are gathered, with what had to be done to their texts. They are written as JSON at once:
 * most of them are the same in each span of a cell, and making objects of them only to print them took longer than the rest.
 */
export class AttributeList {
  readonly #attributes: string[] = [];
  readonly #cut: string[] = [];
  readonly #texts: FieldTexts;
  readonly #fieldBytes: number;
  #sanitised = false;

  /** `fieldBytes` is the most that one field may take within the request. */
  constructor(texts: FieldTexts, fieldBytes: number) {
    this.#texts = texts;
    this.#fieldBytes = fieldBytes;
  }

  /** Each as JSON. */
  get all(): readonly string[] {
    return this.#attributes;
  }

  /** The names of fields whose end is missing. */
  get cutFields(): readonly string[] {
    return this.#cut;
  }

  /** Whether a text had to be made well-formed. */
  get sanitised(): boolean {
    return this.#sanitised;
  }

  /** Attributes that were gathered before, by another list. */
  shared(attributes: readonly string[]): void {
    this.#attributes.push(...attributes);
  }

  /** A short text of ours or a name. */
  short(key: string, text: string, maxCharacters?: number): void {
    this.#add(key, shortText(text, maxCharacters));
  }

  /** A whole number. */
  integer(key: string, value: number): void {
    this.#attributes.push(`{"key":${JSON.stringify(key)},"value":{"intValue":"${String(value)}"}}`);
  }

  /** A value that can be large, such as an input; nothing where it is undefined. `name` stands in the note of cuts. */
  field(name: string, key: string, value: Json | undefined): void {
    if (value === undefined) return;
    const { json, cut, sanitised } = this.#texts.text(value, this.#fieldBytes);
    if (cut) this.#cut.push(name);
    this.#sanitised ||= sanitised;
    this.#attributes.push(`${beginning(key)}${json()}}}`);
  }

  /** A value whose text must stay JSON: what is too long is left out as a whole, and named as cut. */
  json(name: string, key: string, value: Json): void {
    const { text, cut, sanitised } = this.#texts.text(value, this.#fieldBytes);
    this.#sanitised ||= sanitised;
    if (cut) this.#cut.push(name);
    else this.#add(key, text);
  }

  /** A member of the observation's metadata. */
  metadata(key: string, value: string | number): void {
    this.#add(`${attribute.metadata}.${key}`, shortText(String(value)));
  }

  /** Members of the metadata that somebody else chose; together they take no more than one field may. */
  metadataFields(members: readonly (readonly [string, Json])[]): void {
    let bytes = 0;
    for (const [key, value] of members) {
      const name = `${attribute.metadata}.${shortText(key, 200)}`;
      const { json, cut, sanitised } = this.#texts.text(value, this.#fieldBytes);
      bytes += Buffer.byteLength(name) + Buffer.byteLength(json());
      if (bytes > this.#fieldBytes || cut) this.alreadyCut('metadata');
      if (bytes > this.#fieldBytes) return;
      this.#sanitised ||= sanitised;
      this.#attributes.push(`{"key":${JSON.stringify(name)},"value":{"stringValue":${json()}}}`);
    }
  }

  /** Notes that the end of a field is missing. */
  alreadyCut(name: string): void {
    if (!this.#cut.includes(name)) this.#cut.push(name);
  }

  #add(key: string, text: string): void {
    this.#attributes.push(attributeJson(key, text));
  }
}

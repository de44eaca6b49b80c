import type { Json } from '../../../core/json/json.js';
import { shortText, type FieldTexts } from '../field-text.js';
import { attribute, type OtlpAttribute } from './attributes.js';

/** The attributes of one span as they are gathered, with what had to be done to their texts. */
export class AttributeList {
  readonly #attributes: OtlpAttribute[] = [];
  readonly #cut: string[] = [];
  readonly #texts: FieldTexts;
  readonly #fieldBytes: number;
  #sanitised = false;

  /** `fieldBytes` is the most that one field may take within the request. */
  constructor(texts: FieldTexts, fieldBytes: number) {
    this.#texts = texts;
    this.#fieldBytes = fieldBytes;
  }

  get all(): readonly OtlpAttribute[] {
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

  /** A short text of ours or a name. */
  short(key: string, text: string, maxCharacters?: number): void {
    this.#add(key, shortText(text, maxCharacters));
  }

  /** A whole number. */
  integer(key: string, value: number): void {
    this.#attributes.push({ key, value: { intValue: String(value) } });
  }

  /** A value that can be large, such as an input; nothing where it is undefined. `name` stands in the note of cuts. */
  field(name: string, key: string, value: Json | undefined): void {
    if (value === undefined) return;
    const { text, cut, sanitised } = this.#texts.text(value, this.#fieldBytes);
    if (cut) this.#cut.push(name);
    this.#sanitised ||= sanitised;
    this.#add(key, text);
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

  #add(key: string, text: string): void {
    this.#attributes.push({ key, value: { stringValue: text } });
  }
}

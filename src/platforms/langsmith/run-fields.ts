import { isObject, type Json, type JsonObject } from '../../core/json/json.js';
import { wellFormedJson } from '../../core/text/well-formed.js';
import { shortText, type FieldTexts } from '../trace/field-text.js';

/** Stands in the place of a value whose end was cut off. */
const cutKey = 'assay.cut_text';

/** The inputs, outputs and metadata of one run as they are gathered, with what had to be done to their texts. */
export class RunFields {
  readonly metadata: Record<string, Json> = {};
  readonly #cut: string[] = [];
  readonly #texts: FieldTexts;
  readonly #maxBytes: number;
  #sanitised = false;

  /** `maxBytes` is the most that one field may take within the request. */
  constructor(texts: FieldTexts, maxBytes: number) {
    this.#texts = texts;
    this.#maxBytes = maxBytes;
  }

  get cutFields(): readonly string[] {
    return this.#cut;
  }

  get sanitised(): boolean {
    return this.#sanitised;
  }

  /** A value as an object, since the server takes no other: anything else stands under `key`. */
  object(name: string, value: Json, key: string): JsonObject {
    const { text, cut, sanitised } = this.#texts.text(value, this.#maxBytes);
    this.#sanitised ||= sanitised;
    if (cut) {
      this.#cut.push(name);
      return { [cutKey]: text };
    }
    const whole = wellFormedJson(value).value;
    return isObject(whole) ? whole : { [key]: whole };
  }

  /** A member of the metadata. */
  mark(key: string, value: string | number | boolean): void {
    this.metadata[key] = typeof value === 'string' ? shortText(value) : value;
  }

  /** A member of the metadata that somebody else chose. */
  own(key: string, value: Json): void {
    const { cut, sanitised } = this.#texts.text(value, this.#maxBytes);
    this.#sanitised ||= sanitised;
    if (cut) this.alreadyCut('metadata');
    else this.metadata[shortText(key, 200)] = wellFormedJson(value).value;
  }

  /** Notes that the end of a field is missing. */
  alreadyCut(name: string): void {
    if (!this.#cut.includes(name)) this.#cut.push(name);
  }

  /** A member of the metadata that is left out as a whole where it is too long. */
  json(name: string, key: string, value: JsonObject): void {
    const { cut, sanitised } = this.#texts.text(value, this.#maxBytes);
    this.#sanitised ||= sanitised;
    if (cut) this.#cut.push(name);
    else this.metadata[key] = wellFormedJson(value).value;
  }
}

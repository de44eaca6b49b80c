import { stringify } from 'yaml';

import type { PromptContent } from '../contracts/prompt.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { jsonEqual } from '../core/json/json.js';
import { resourceNameSchema } from '../contracts/names.js';
import { ownersLabels } from '../core/prompts/labels.js';
import type { PromptMetadata } from './metadata.js';
import { parsePromptText, printPromptText } from './prompt-text.js';
import { promptFiles } from './prompt-source.js';

/** A version of a platform as files. */
export interface PromptAsFiles {
  readonly files: Readonly<Record<string, string>>;
  /** The other form, which must not stay beside them. */
  readonly remove: readonly string[];
}

/**
 * A version as the files of its folder, so that reading them gives the same content. `prompt.txt` where that holds it exactly and
 * the folder has no `prompt.yaml`; else `prompt.yaml`.
 *
 * @param kept what the folder's metadata says that is no part of a version, such as its description.
 */
export function promptAsFiles(
  version: PromptContent & {
    readonly name: string;
    readonly labels: readonly string[];
    readonly tags: readonly string[];
  },
  of: {
    readonly folder: string;
    readonly form?: 'text' | 'yaml';
    readonly kept?: PromptMetadata;
    /** The names in the config's `models`; a model that is none of them goes under `config`. Default: any. */
    readonly models?: readonly string[] | undefined;
  },
): PromptAsFiles {
  const { body, config, name, tags } = version;
  const printed = printPromptText(body);
  const holds = jsonEqual(parsePromptText(printed, body.kind), body);
  const form = of.form === 'yaml' || !holds ? 'yaml' : 'text';
  const labels = ownersLabels(version.labels);
  const { description, variables, version: told } = of.kept ?? {};
  const metadata = {
    ...(name === of.folder ? {} : { name }),
    ...(told === undefined ? {} : { version: told }),
    ...(description === undefined ? {} : { description }),
    ...(body.kind === 'text' ? { type: 'text' } : {}),
    ...settingsOf(config, of.models),
    ...(variables === undefined ? {} : { variables }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(tags.length === 0 ? {} : { tags: [...tags] }),
  };
  const yaml = body.kind === 'text' ? { text: body.text } : { messages: body.messages };
  return {
    files: {
      ...(form === 'text' ? { [promptFiles.text]: printed } : { [promptFiles.yaml]: print(yaml) }),
      [promptFiles.metadata]: print(metadata),
    },
    remove: [form === 'text' ? promptFiles.yaml : promptFiles.text],
  };
}

/** The config of a version as metadata has it: what fits a key of its own there, the rest under `config`. */
function settingsOf(config: JsonObject, models: readonly string[] | undefined): JsonObject {
  const { model, parameters, response_format: format, ...others } = config;
  const rest: Record<string, Json> = { ...others };
  const own: Record<string, Json> = {};
  const isOurs = resourceNameSchema.safeParse(model).success;
  const isKnown = models === undefined || models.some((name) => name === model);
  if (isOurs && isKnown && model !== undefined) own['model'] = model;
  else if (model !== undefined) rest['model'] = model;
  for (const [key, value] of Object.entries({ parameters, response_format: format })) {
    if (value === undefined) continue;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    (isObject ? own : rest)[key] = value;
  }
  return { ...own, ...(Object.keys(rest).length === 0 ? {} : { config: rest }) };
}

// Long lines stay whole: a folded one would be another diff in git for one word that changed. No aliases: equal parts are equal
// by chance.
const print = (value: unknown): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

import { parse, stringify } from 'yaml';

import type { PromptBody, PromptContent } from '../contracts/prompt.js';
import { isObject, jsonEqual, type Json, type JsonObject } from '../core/json/json.js';
import { promptVariables, undeclaredVariables } from '../core/prompts/variables.js';
import { resourceNameSchema } from '../contracts/names.js';
import type { PromptMetadata } from './metadata.js';
import { patchPromptText } from './patch-prompt-text.js';
import { patchYaml, yamlForm } from './patch-yaml.js';
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
 * the folder has no `prompt.yaml`; else `prompt.yaml`. Texts that are there already are changed where they say something else, and
 * are otherwise as they were. Labels are those of the folder: where a version stands on the platform is not what the next push is
 * to get. Variables that the folder declares are held to those that the version uses; a folder that declares none still does not.
 *
 * @param of.kept what the folder's metadata says that is no part of a version, such as its description and its labels.
 * @param of.texts the files of the folder as they are.
 */
export function promptAsFiles(
  version: PromptContent & {
    readonly name: string;
    readonly tags: readonly string[];
  },
  of: {
    readonly folder: string;
    readonly form?: 'text' | 'yaml';
    readonly kept?: PromptMetadata;
    readonly texts?: Readonly<Record<string, string>>;
    /** The names in the config's `models`; a model that is none of them goes under `config`. Default: any. */
    readonly models?: readonly string[] | undefined;
  },
): PromptAsFiles {
  const { body, config, name, tags } = version;
  const printed = printPromptText(body);
  const holds = jsonEqual(parsePromptText(printed, body.kind), body);
  const form = of.form === 'yaml' || !holds ? 'yaml' : 'text';
  const { kept = {}, texts = {} } = of;
  const { description, variables, labels, version: told } = kept;
  const type = body.kind === 'text' || kept.type !== undefined ? { type: body.kind } : {};
  const metadata = {
    ...(name === of.folder && kept.name === undefined ? {} : { name }),
    ...(told === undefined ? {} : { version: told }),
    ...(description === undefined ? {} : { description }),
    ...type,
    ...settingsOf(config, { models: of.models, inConfig: Object.keys(kept.config ?? {}) }),
    ...(variables === undefined ? {} : { variables: declaredOf(body, variables) }),
    ...(labels === undefined ? {} : { labels }),
    ...(tags.length === 0 && kept.tags === undefined ? {} : { tags: tagsOf(tags, kept.tags) }),
  };
  const { [promptFiles.text]: text, [promptFiles.yaml]: yaml } = texts;
  return {
    files: {
      ...(form === 'text'
        ? {
            [promptFiles.text]:
              (text === undefined ? text : patchPromptText(text, body)) ?? printed,
          }
        : { [promptFiles.yaml]: patched(yaml, yamlOf(body, yaml)) }),
      ...(Object.keys(metadata).length === 0 && texts[promptFiles.metadata] === undefined
        ? {}
        : { [promptFiles.metadata]: patched(texts[promptFiles.metadata], metadata) }),
    },
    remove: [form === 'text' ? promptFiles.yaml : promptFiles.text],
  };
}

/** What a folder declares, of those that the body uses: a declaration of before would make the folder one that cannot be pushed. */
function declaredOf(body: PromptBody, declared: readonly string[]): readonly string[] {
  const used = promptVariables(body);
  // Of what cannot be parsed nobody knows.
  if (used.problems.length > 0) return declared;
  const { undeclared, unused } = undeclaredVariables(used, declared);
  return [...declared.filter((name) => !unused.includes(name)), ...undeclared];
}

/** In the order of the file where they are the same: platforms sort them. */
function tagsOf(tags: readonly string[], kept: readonly string[] = []): readonly string[] {
  const same = kept.length === tags.length && kept.every((each) => tags.includes(each));
  return same ? kept : tags;
}

/** The body, in the shape that the file has. */
function yamlOf(body: PromptBody, text: string | undefined): Json {
  if (body.kind === 'text') return { text: body.text };
  const messages = body.messages as unknown as readonly Json[];
  return text !== undefined && isList(text) ? messages : { messages };
}

function isList(text: string): boolean {
  try {
    return Array.isArray(parse(text));
  } catch {
    return false;
  }
}

/** The config of a version as metadata has it: what fits a key of its own there, the rest under `config`, as what is there already. */
function settingsOf(
  config: JsonObject,
  {
    models,
    inConfig,
  }: { readonly models: readonly string[] | undefined; readonly inConfig: readonly string[] },
): JsonObject {
  const moved = inConfig.filter((key) => Object.hasOwn(config, key));
  const kept = Object.fromEntries(moved.map((key) => [key, config[key] ?? null]));
  const free = Object.fromEntries(Object.entries(config).filter(([key]) => !moved.includes(key)));
  const { model, parameters, response_format: format, ...others } = free;
  const rest: Record<string, Json> = { ...others, ...kept };
  const own: Record<string, Json> = {};
  const isOurs = resourceNameSchema.safeParse(model).success;
  const isKnown = models === undefined || models.some((name) => name === model);
  if (isOurs && isKnown && model !== undefined) own['model'] = model;
  else if (model !== undefined) rest['model'] = model;
  for (const [key, value] of Object.entries({ parameters, response_format: format })) {
    if (value === undefined) continue;
    (isObject(value) ? own : rest)[key] = value;
  }
  return { ...own, ...(Object.keys(rest).length === 0 ? {} : { config: rest }) };
}

// Long lines stay whole: a folded one would be another diff in git for one word that changed.
const patched = (text: string | undefined, value: Json): string =>
  (text === undefined ? undefined : patchYaml(text, value)) ?? stringify(value, yamlForm);

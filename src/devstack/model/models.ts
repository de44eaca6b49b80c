/** One model of the demo server. */
export interface DemoModel {
  readonly id: string;
  readonly kind: 'chat' | 'embedding';
  /** How many words of an input it reads. */
  readonly attention: number;
}

/** The models that the demo server has; the small one reads no further than 90 words into an input. */
export const demoModels: readonly DemoModel[] = [
  { id: 'demo-small', kind: 'chat', attention: 90 },
  { id: 'demo-large', kind: 'chat', attention: 4000 },
  { id: 'demo-embedding', kind: 'embedding', attention: 8000 },
];

/** The body of `GET /v1/models`. */
export const modelList = (): string =>
  JSON.stringify({
    object: 'list',
    data: demoModels.map(({ id }) => ({
      id,
      object: 'model',
      created: 1_767_225_600,
      owned_by: 'assay',
    })),
  });

import type { GatePolicy, GateSettings } from '../../contracts/gate.js';

/** What holds where nothing was said. Source of margin and α: the product's own definition of a verdict. */
const gateDefaults = {
  margin: 0.02,
  alpha: 0.05,
  power: 0.8,
  inconclusive: 'fail',
  stale: 'refuse',
  missing: 'worst',
  seed: 1,
} as const;

/** The policy of one gate: its own settings before those of the config before the defaults. */
export function gatePolicy(config: GateSettings, own: GateSettings): GatePolicy {
  const { evaluators: ofConfig = {} } = config;
  const { evaluators: ofGate = {} } = own;
  const said = <Name extends keyof GateSettings>(name: Name): GateSettings[Name] =>
    own[name] ?? config[name];
  const names = new Set([...Object.keys(ofConfig), ...Object.keys(ofGate)]);
  return {
    margin: said('margin') ?? gateDefaults.margin,
    alpha: said('alpha') ?? gateDefaults.alpha,
    power: said('power') ?? gateDefaults.power,
    evaluators: Object.fromEntries(
      [...names].map((name) => [name, { ...ofConfig[name], ...ofGate[name] }]),
    ),
    cost: said('cost'),
    latency: said('latency'),
    slices: (said('slices') ?? []).map((slice) =>
      typeof slice === 'string'
        ? { by: slice, guard: true }
        : { by: slice.by, guard: slice.guard ?? true },
    ),
    cluster: said('cluster'),
    inconclusive: said('inconclusive') ?? gateDefaults.inconclusive,
    stale: said('stale') ?? gateDefaults.stale,
    missing: said('missing') ?? gateDefaults.missing,
    ...(said('earlyStop') === true ? { earlyStop: true } : {}),
    seed: said('seed') ?? gateDefaults.seed,
  };
}

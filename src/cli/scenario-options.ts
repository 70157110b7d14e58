/** The flags of a scenario, for every command that plays one: its seed, its network, its hosts. */

import { MAX_BYTES, type Scenario, type ScenarioOptions, type Tunable } from '../sim/scenario.ts'
import { SCENARIOS } from '../sim/scenarios.ts'
import { nearest, UsageError, wholeNumber } from './arguments.ts'
import { IMPAIRMENT_OPTIONS, readImpairments } from './impairments.ts'

export const SCENARIO_OPTIONS = {
  ...IMPAIRMENT_OPTIONS,
  seed: { type: 'string' },
  ipv6: { type: 'boolean' },
  mss: { type: 'string' },
  window: { type: 'string' },
  bytes: { type: 'string' },
  mtu: { type: 'string' },
} as const

export type ScenarioFlags = Readonly<
  Partial<Record<keyof typeof SCENARIO_OPTIONS, string | boolean | undefined>>
>

export const SCENARIO_HELP = `The network, both ways, in place of the scenario's own:
  --delay TIME     one way, such as 30ms (default 20ms)
  --jitter TIME    the delay varies by so much, such as 5ms
  --loss P         packets lost, such as 3%
  --rate RATE      such as 20mbit
  --queue SIZE     octets that may wait for the line, such as 100kB
  --reorder P      packets held back, such as 2% or 2%/10ms
  --duplicate P    packets delivered twice
  --corrupt P      packets damaged
  --mtu N          largest packet of the path, 68 to 65535
  --ipv6           IPv6 instead of IPv4

The hosts, where the scenario takes it (see --list):
  --mss N          largest segment, 1 to 65535
  --window N       receive buffer, 1 to 1073741824; beyond 65535 it is scaled
  --bytes N        octets that the application sends, 1 to ${MAX_BYTES}`

const TUNABLES: readonly Tunable[] = ['mss', 'window', 'bytes']

/** The name that a mistyped one may have been meant for. */
export function nearScenario(name: string): string | undefined {
  return nearest(
    name,
    SCENARIOS.map((one) => one.name),
  )
}

/** @throws UsageError naming the flag, also of what this scenario does not take. */
export function scenarioOptions(scenario: Scenario, values: ScenarioFlags): ScenarioOptions {
  const given = (flag: keyof typeof SCENARIO_OPTIONS) => values[flag] as string | undefined
  for (const flag of TUNABLES) {
    if (values[flag] === undefined || scenario.accepts.includes(flag)) continue
    const others = scenario.accepts.map((one) => `--${one}`).join(', ') || 'none of its kind'
    throw new UsageError(`--${flag}: ${scenario.name} does not take it; it takes ${others}`)
  }
  const mss = wholeNumber('--mss', given('mss'), 1, 65_535)
  const window = wholeNumber('--window', given('window'), 1, 1 << 30)
  const bytes = wholeNumber('--bytes', given('bytes'), 1, MAX_BYTES)
  return {
    seed: seedOf(given('seed') ?? '1'),
    impairments: readImpairments(values, ['mtu']),
    ipv6: values.ipv6 === true,
    ...(mss !== undefined && { mss }),
    ...(window !== undefined && { window }),
    ...(bytes !== undefined && { bytes }),
  }
}

function seedOf(text: string): number | string {
  return /^\d{1,15}$/.test(text) ? Number(text) : text
}

/** A configuration of the lab from plain data that anybody may have written: a link, a file, a form. */

import { checkImpairments, type ImpairmentError } from '../sim/impairment-options.ts'
import { MAX_BYTES } from '../sim/scenario.ts'
import { findScenario } from '../sim/scenarios.ts'
import { type Config, configure } from '../tcp/config.ts'
import { isPlainText } from '../trace/plain-text.ts'
import { checkForged } from './check-forged.ts'
import { type Data, flag, list, MAX_AT_US, object, pair, shown, side, UINT32, whole } from './checks.ts'
import {
  DEFAULT_LAB,
  DEFAULT_PATH,
  type Intervention,
  type LabConfig,
  type LabHost,
  type LabPath,
  type Side,
} from './lab-config.ts'
import { LabError } from './lab-error.ts'
import { isExperiment } from './lessons.ts'
import { parseCall, parseProgram } from './program.ts'

const MAX_INTERVENTIONS = 1000
export const MAX_UNTIL_MS = MAX_AT_US / 1000
const MAX_NAME = 24
const MAX_PROGRAM = 10_000
const MAX_STEP = 100
const MAX_PACKET = 1_000_000
const HOUR_US = 3_600_000_000

/**
 * What is missing is as in DEFAULT_LAB.
 * @throws LabError naming the place and what is expected there.
 */
export function checkConfig(given: unknown): LabConfig {
  const data = object(given, 'the configuration', Object.keys(DEFAULT_LAB))
  const { seed, ipv6, lesson, experiment, bytes, untilMs, versus, interventions } = {
    ...DEFAULT_LAB,
    ...data,
  } as Data
  const [left, right] = pair(data.hosts, 'hosts')
  const [there, back] = pair(data.paths, 'paths')
  const hosts = [hostOf(left, 0), hostOf(right, 1)] as const
  if (hosts[0].name === hosts[1].name)
    throw new LabError('hosts[1].name', `expected another name than '${hosts[0].name}'`)
  if (lesson !== null && (typeof lesson !== 'string' || findScenario(lesson) === null))
    throw new LabError('lesson', `expected a scenario of elko sim, not ${shown(lesson)}`)
  if (experiment !== null && (lesson !== null || !isExperiment(experiment)))
    throw new LabError(
      'experiment',
      `expected an experiment of the lab, and no lesson, not ${shown(experiment)}`,
    )
  return {
    seed: whole(seed, 'seed', 0, UINT32),
    ipv6: flag(ipv6, 'ipv6'),
    lesson: lesson as string | null,
    experiment: experiment as string | null,
    bytes: bytes === null ? null : whole(bytes, 'bytes', 1, MAX_BYTES),
    untilMs: untilMs === null ? null : whole(untilMs, 'untilMs', 1, MAX_UNTIL_MS),
    hosts,
    paths: [pathOf(there, 'paths[0]'), pathOf(back, 'paths[1]')],
    versus: versus === null ? null : versusOf(versus),
    interventions: list(interventions, 'interventions', MAX_INTERVENTIONS).map((one, index) =>
      interventionOf(one, `interventions[${index}]`, ipv6 === true),
    ),
  }
}

function hostOf(given: unknown, side: Side): LabHost {
  const place = `hosts[${side}]`
  const usual = DEFAULT_LAB.hosts[side]
  const data = { ...usual, ...object(given ?? {}, place, Object.keys(usual)) } as Data
  const { name, program, iss, tuning } = data
  if (!isPlainText(name) || name.trim() === '' || name.length > MAX_NAME)
    throw new LabError(`${place}.name`, `expected a name of 1 to ${MAX_NAME} characters, not ${shown(name)}`)
  if (typeof program !== 'string' || program.length > MAX_PROGRAM)
    throw new LabError(`${place}.program`, `expected a text of at most ${MAX_PROGRAM} characters`)
  parseProgram(program, `${place}.program`)
  return {
    name,
    program,
    iss: iss === null ? null : whole(iss, `${place}.iss`, 0, UINT32),
    tuning: tuningOf(tuning, `${place}.tuning`),
  }
}

function versusOf(given: unknown): readonly [Partial<Config>, Partial<Config>] {
  const [left, right] = pair(given, 'versus')
  return [tuningOf(left, 'versus[0]'), tuningOf(right, 'versus[1]')]
}

function tuningOf(given: unknown, place: string): Partial<Config> {
  const tuning = object(given, place, null) as Partial<Config>
  try {
    configure(tuning)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new LabError(place, error.message.replace(/^config\./, ''))
  }
  return tuning
}

function pathOf(given: unknown, place: string): LabPath {
  const data = object(given ?? {}, place, Object.keys(DEFAULT_PATH))
  for (const [name, value] of Object.entries(data)) {
    if (name === 'mtuBlackHole') flag(value, `${place}.${name}`)
    else if (typeof value !== 'number' || !Number.isFinite(value))
      throw new LabError(`${place}.${name}`, `expected a number, not ${shown(value)}`)
  }
  const path = data as LabPath
  try {
    checkImpairments(impairmentsOf(path))
  } catch (error) {
    const { option, given: value, expected } = error as ImpairmentError
    throw new LabError(`${place}.${option}`, `expected ${expected}, not ${value}`)
  }
  return path
}

/** As the simulator has it: what is 0 because there is none is left out. */
export function impairmentsOf(path: LabPath): LabPath {
  const { rateBitsPerSecond, mtu, ...others } = path
  return {
    ...others,
    ...(rateBitsPerSecond !== undefined && rateBitsPerSecond !== 0 && { rateBitsPerSecond }),
    ...(mtu !== undefined && mtu !== 0 && { mtu }),
  }
}

function interventionOf(given: unknown, place: string, ipv6: boolean): Intervention {
  const { kind } = object(given, place, null)
  if (kind === 'inject' || kind === 'icmp') return checkForged(given, place, ipv6)
  if (kind === 'call') {
    const data = object(given, place, ['kind', 'atUs', 'host', 'step'])
    return {
      kind,
      atUs: whole(data.atUs, `${place}.atUs`, 0, MAX_AT_US),
      host: side(data.host, `${place}.host`),
      step: stepOf(data.step, `${place}.step`),
    }
  }
  if (kind !== 'drop' && kind !== 'duplicate' && kind !== 'corrupt' && kind !== 'delay')
    throw new LabError(
      `${place}.kind`,
      `expected drop, duplicate, corrupt, delay, inject, icmp or call, not ${shown(kind)}`,
    )
  const names = ['kind', 'from', 'packet', ...(kind === 'delay' ? ['byUs'] : [])]
  const data = object(given, place, names)
  const which = {
    from: side(data.from, `${place}.from`),
    packet: whole(data.packet, `${place}.packet`, 1, MAX_PACKET),
  }
  if (kind !== 'delay') return { kind, ...which }
  return { kind, ...which, byUs: whole(data.byUs, `${place}.byUs`, 0, HOUR_US) }
}

function stepOf(given: unknown, place: string): string {
  if (typeof given !== 'string' || given.length > MAX_STEP)
    throw new LabError(place, `expected a step such as 'send 1000', not ${shown(given)}`)
  parseCall(given, place)
  return given
}

/** One connection of a capture in words: a block of lines for people. */

import type { FlowReport, SideReport, TimesReport } from '../flows/flow.ts'
import type { FlowStep } from '../flows/side-states.ts'
import { counted } from '../trace/counted.ts'

export function flowLines(flow: FlowReport): string[] {
  const { client, server } = flow
  const guess = flow.clientIs === 'guessed' ? ' (who opened is a guess)' : ''
  const middle = flow.beganInTheMiddle ? ', begun before the capture' : ''
  return [
    `stream ${flow.stream}: ${endOf(client)} -> ${endOf(server)}${guess}`,
    `  frames ${flow.firstFrame} to ${flow.lastFrame}, from ${secondsOf(flow.start)}, for ${secondsOf(flow.duration)}${middle}`,
    ...sideLines('client', client),
    ...sideLines('server', server),
    '',
  ]
}

const endOf = ({ address, port }: SideReport): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

function sideLines(name: string, side: SideReport): string[] {
  const lines = [`  ${name}  ${side.states.map(stepOf).join(' -> ')}`]
  const line = (words: readonly (string | null)[]): void => {
    const said = words.filter((each) => each !== null)
    if (said.length > 0) lines.push(`          ${said.join('; ')}`)
  }
  line([dataOf(side), rateOf(side), optionsOf(side)])
  line([
    windowOf(side),
    side.mostInFlight > 0 ? `at most ${counted(side.mostInFlight, 'octet')} in flight` : null,
  ])
  line([
    side.roundTrips.handshake === null ? null : `handshake ${millisecondsOf(side.roundTrips.handshake)}`,
    timesOf('round trip by ACK', side.roundTrips.byAck),
    timesOf('by timestamps', side.roundTrips.byTimestamp),
    timesOf('think time', side.think),
  ])
  line([causesOf(side)])
  return lines
}

const stepOf = ({ state, inferred }: FlowStep): string => (inferred ? `(${state})` : state)

function dataOf({ packets, octets, newOctets }: SideReport): string {
  const again = octets - newOctets
  return `${counted(packets, 'packet')}, ${counted(octets, 'octet')}${again > 0 ? `, ${again} of them again` : ''}`
}

function rateOf({ goodput, throughput }: SideReport): string | null {
  if (goodput === null || throughput === null) return null
  const megabits = (rate: number): string => ((8 * rate) / 1e6).toPrecision(3)
  return goodput === throughput
    ? `${megabits(goodput)} Mbit/s`
    : `${megabits(throughput)} Mbit/s, of which new ${megabits(goodput)}`
}

function optionsOf({ mss, sackPermitted, timestamps, optionsCut }: SideReport): string | null {
  if (sackPermitted === null && !optionsCut) return null
  const words = [
    mss !== null ? `MSS ${mss}` : optionsCut ? null : 'no MSS',
    sackPermitted === true ? 'SACK' : null,
    timestamps === true ? 'timestamps' : null,
    optionsCut ? 'further options cut off' : null,
  ]
  return words.filter((each) => each !== null).join(', ')
}

function windowOf({ window }: SideReport): string | null {
  if (window.least === null) return null
  const scale = {
    seen: `scale ${window.scale}`,
    'not used': 'not scaled',
    guessed: `scale unknown, at least ${window.scale} (a guess)`,
  }[window.scaleIs]
  const closed = window.zero > 0 ? `, closed in ${counted(window.zero, 'segment')}` : ''
  return `window ${window.least} to ${window.most}, ${scale}${closed}`
}

function timesOf(name: string, times: TimesReport | null): string | null {
  if (times === null) return null
  const { count, least, mean, most } = times
  if (count === 1) return `${name} ${millisecondsOf(least)}`
  return `${name} ${millisecondsOf(least)} / ${millisecondsOf(mean)} / ${millisecondsOf(most)} (${count})`
}

function causesOf({ causes, spurious, lostBefore, lostAfter }: SideReport): string | null {
  const words = Object.entries(causes).map(([kind, count]) => `${count} ${kind}`)
  if (words.length === 0) return null
  if (lostBefore > 0) words.push(`${lostBefore} lost before the capture point`)
  if (lostAfter > 0) words.push(`${lostAfter} lost behind it`)
  if (spurious > 0) words.push(`${spurious} needless`)
  return `again or late: ${words.join(', ')}`
}

function millisecondsOf(nanoseconds: number): string {
  const milliseconds = nanoseconds / 1e6
  return `${milliseconds >= 100 ? Math.round(milliseconds) : milliseconds.toPrecision(3)} ms`
}

const secondsOf = (nanoseconds: number): string => `${(nanoseconds / 1e9).toFixed(6)} s`

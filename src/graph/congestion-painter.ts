/** What holds the sender back: congestion window, threshold, octets in flight, receive window, and the phase of recovery. */

import { cross, path, paths } from '../svg/marks.ts'
import { decimal, element, textAt } from '../svg/markup.ts'
import { countText } from '../svg/scale.ts'
import { fixedWidth } from '../svg/text-width.ts'
import { counted } from '../trace/counted.ts'
import type { RecoveryEvent } from '../trace/events.ts'
import { SignPath } from './columns.ts'
import type { InferredPhase } from './inferred-recovery.ts'
import { LETTER_SIZE, Letters } from './letters.ts'
import { entriesThere, type LegendEntry, lineSample, markSample, type Painter, type Panel } from './panel.ts'
import { type GraphDirection, hasThreshold } from './series.ts'
import { greatest, holding, stepsAcross, within } from './timeline.ts'
import { SCALE_UNSEEN } from './words.ts'

/** Pixels of the strip that names the phases, at the top of the panel. */
const STRIP = 16

interface PhaseLook {
  readonly words: readonly string[]
  readonly className: string
}

const PHASES: Readonly<Record<RecoveryEvent['phase'], PhaseLook>> = {
  'slow-start': { words: ['slow start', 'SS'], className: 'phase slow-start' },
  'congestion-avoidance': { words: ['congestion avoidance', 'CA'], className: 'phase avoidance' },
  'fast-recovery': { words: ['fast recovery', 'FR'], className: 'phase fast-recovery' },
  'loss-recovery': { words: ['loss recovery', 'LR'], className: 'phase loss-recovery' },
}

const INFERRED: Readonly<Partial<Record<InferredPhase['phase'], PhaseLook>>> = {
  'fast-recovery': { words: ['fast recovery?', 'FR?'], className: 'phase fast-recovery' },
  'loss-recovery': { words: ['loss recovery?', 'LR?'], className: 'phase loss-recovery' },
}

/** @param hasControl false: only flight and receive window. Of a capture, recovery is inferred. */
export function congestionPainter(direction: GraphDirection, hasControl: boolean): Painter {
  const isInside = hasControl && direction.recovery.length > 0
  const isInferred = hasControl && direction.inferred.length > 0
  return {
    name: 'congestion',
    label: isInside ? 'windows and flight (octets)' : 'receive window and flight (octets)',
    weight: 3,
    legend: legendOf(direction, isInside, isInferred),
    description:
      describe(direction, isInside) + (isInferred ? ` ${describeInferred(direction.inferred)}` : ''),
    range: (fromUs, toUs) => [
      0,
      mostOf(direction, isInside, fromUs, toUs) * (isInside || isInferred ? 1.18 : 1.1),
    ],
    text: countText,
    draw: (panel) =>
      (isInferred ? phases(direction.inferred, INFERRED, panel) : '') + draw(direction, isInside, panel),
  }
}

function draw(direction: GraphDirection, isInside: boolean, panel: Panel): string {
  const { y, right } = panel
  const letters = new Letters(panel)
  const { flight, acknowledgments, recovery } = direction
  const windowLine = stepsAcross(panel, acknowledgments, ({ window }) => window)
  let markup = isInside ? phases(recovery, PHASES, panel) : ''
  letters.take(panel.left, panel.top, right, panel.top + STRIP)
  const outstanding = stepsAcross(panel, flight, ({ octets }) => octets)
  const ground = decimal(y.at(0))
  const areas = outstanding.map((d) => `${d}V${ground}H${/^M(\S+)/.exec(d)![1]!}Z`)
  markup += paths(areas, 'flight-area') + paths(outstanding, 'flight') + paths(windowLine, 'window')
  if (!isInside) return markup
  const known = recovery.filter(hasThreshold)
  markup += paths(
    stepsAcross(panel, known, ({ ssthresh }) => ssthresh),
    'ssthresh',
  )
  markup += paths(
    stepsAcross(panel, recovery, ({ cwnd }) => cwnd),
    'cwnd',
  )
  markup += misfortunes(direction, panel, letters)
  return markup + element('g', { class: 'letters' }, letters.markup())
}

/** A band for each phase, named where there is room. Phases too short for a pixel go up in their neighbours. */
function phases<P extends string>(
  recovery: readonly { readonly at: number; readonly phase: P }[],
  looks: Readonly<Partial<Record<P, PhaseLook>>>,
  { x, y, left, right, top, bottom }: Panel,
): string {
  let markup = ''
  let shownTo = left
  for (let k = 0; k < recovery.length; ) {
    const { phase } = recovery[k]!
    let next = k + 1
    while (next < recovery.length && recovery[next]!.phase === phase) next++
    const from = Math.max(left, shownTo, x.at(recovery[k]!.at))
    const to = Math.min(right, next < recovery.length ? x.at(recovery[next]!.at) : right)
    k = next
    if (to - from < 0.5) continue
    shownTo = to
    const look = looks[phase]
    if (look === undefined) continue
    const { words, className } = look
    const width = to - from
    const ground = y.at(0)
    markup += element('rect', {
      class: className,
      x: from,
      y: top,
      width,
      height: Math.min(bottom, ground) - top,
    })
    markup += element('rect', { class: `${className} strip`, x: from, y: top, width, height: STRIP })
    const fitting = words.find((word) => fixedWidth(word, LETTER_SIZE) + 6 <= width)
    if (fitting !== undefined) {
      markup += textAt((from + to) / 2, top + 12, fitting, {
        class: 'letter phase-name',
        'text-anchor': 'middle',
      })
    }
  }
  return markup
}

/** Losses on the ground, timeouts above them. */
function misfortunes({ segments, expiries }: GraphDirection, panel: Panel, letters: Letters): string {
  const { x, y } = panel
  const ground = y.at(0)
  const crosses = new SignPath((atX, atY) => cross(atX, atY, 4), 2)
  for (const { at, lost } of within(segments, x.from, x.to)) {
    if (lost === undefined) continue
    crosses.add(x.at(at), ground - 6)
    letters.take(x.at(at) - 5, ground - 11, x.at(at) + 5, ground)
  }
  let lines = ''
  for (const { at, timer } of within(expiries, x.from, x.to)) {
    if (timer !== 'retransmission') continue
    const atX = x.at(at)
    lines += `M${decimal(atX)} ${decimal(ground)}V${decimal(panel.top + STRIP)}`
    letters.put(atX, panel.top + STRIP + 18, 'RTO', 'letter again')
  }
  return path(lines, 'expiry') + paths(crosses.data(), 'lost')
}

function mostOf(direction: GraphDirection, isInside: boolean, fromUs: number, toUs: number): number {
  const { flight, recovery, acknowledgments } = direction
  const inside = isInside ? holding(recovery, fromUs, toUs) : []
  const own = Math.max(
    1,
    greatest(holding(flight, fromUs, toUs), ({ octets }) => octets),
    greatest(inside, ({ cwnd }) => cwnd),
    greatest(inside.filter(hasThreshold), ({ ssthresh }) => ssthresh),
  )
  const window = greatest(holding(acknowledgments, fromUs, toUs), (one) => one.window)
  // A window that is never near what is in flight holds nobody back: it leaves the picture at its top.
  return isInside && window > own * 2 ? own : Math.max(own, window)
}

function legendOf(direction: GraphDirection, isInside: boolean, isInferred: boolean): LegendEntry[] {
  const { recovery, counts, expiries, isScaleSeen } = direction
  const scale = isScaleSeen ? '' : SCALE_UNSEEN
  const isAnswered = direction.counts.acknowledgments > 0
  const isWindowShown = direction.counts.leastWindow <= mostOf(direction, isInside, -Infinity, Infinity)
  return entriesThere([
    [isInside, 'congestion window', lineSample('cwnd')],
    [isInside && recovery.some(hasThreshold), 'ssthresh', lineSample('ssthresh')],
    [true, 'in flight', lineSample('flight')],
    [isAnswered, `receive window${scale}${isWindowShown ? '' : ': above the picture'}`, lineSample('window')],
    [isInferred, 'recovery, inferred from what is sent again', phaseSample],
    [isInside && counts.lost > 0, 'lost', markSample('lost', (x, y) => cross(x, y, 4))],
    [
      isInside && expiries.some(({ timer }) => timer === 'retransmission'),
      'retransmission timer expired',
      markSample('expiry', (x, y) => `M${x} ${y - 7}v14`),
    ],
  ])
}

function phaseSample(x: number, y: number): string {
  const place = { x: x - 11, y: y - 6, width: 22, height: 12 }
  return element('rect', { class: 'phase strip fast-recovery', ...place })
}

function describeInferred(inferred: readonly InferredPhase[]): string {
  const count = (wanted: InferredPhase['phase']): number =>
    inferred.filter(({ phase }) => phase === wanted).length
  const [fast, loss] = [count('fast-recovery'), count('loss-recovery')]
  return `Inferred from what is sent again: fast recovery ${counted(fast, 'time')}, recovery after a timeout ${counted(loss, 'time')}.`
}

function describe(direction: GraphDirection, isInside: boolean): string {
  const { flight, recovery, expiries, counts } = direction
  const most = greatest(flight, ({ octets }) => octets)
  const { leastWindow, greatestWindow } = counts
  const offered =
    counts.acknowledgments === 0
      ? ''
      : `, while ${direction.receiver} offers ${leastWindow} to ${greatestWindow}${direction.isScaleSeen ? '' : SCALE_UNSEEN}`
  const base = `At most ${most} octets are in flight${offered}.`
  if (!isInside) return base
  const smallest = recovery.reduce((low, { cwnd }) => Math.min(low, cwnd), Number.POSITIVE_INFINITY)
  const largest = recovery.reduce((high, { cwnd }) => Math.max(high, cwnd), 0)
  const changes = recovery.filter((event, k) => k === 0 || event.phase !== recovery[k - 1]!.phase)
  const path = changes.slice(0, 12).map(({ phase }) => PHASES[phase].words[0])
  const more = changes.length > 12 ? ` and ${changes.length - 12} phases more` : ''
  const timeouts = expiries.filter(({ timer }) => timer === 'retransmission').length
  const expired = timeouts === 0 ? '' : ` ${counted(timeouts, 'retransmission timeout')}.`
  return `${base} The congestion window is ${smallest} to ${largest} octets: ${path.join(', ')}${more}.${expired}`
}

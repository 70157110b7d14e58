/**
 * Where everything stands in the state diagram: the boxes of the states, the ways of the arrows, the room for their words
 * and for the numbers of steps. CLOSED stands twice, so that time runs downwards, as in RFC 9293's figure 5.
 */

import type { StateName } from '../../trace/states.ts'

export const WIDTH = 1400
/** Of the diagram itself; a table of steps may follow. */
export const HEIGHT = 1130
export const BOX = { width: 160, height: 46 } as const

const LEFT = 330
const MIDDLE = 700
const RIGHT = 1070

/** A state's box by its middle. */
export interface StatePlace {
  readonly state: StateName
  readonly x: number
  readonly y: number
}

export const STATES: readonly StatePlace[] = [
  { state: 'CLOSED', x: MIDDLE, y: 90 },
  { state: 'LISTEN', x: MIDDLE, y: 240 },
  { state: 'SYN-RECEIVED', x: LEFT, y: 400 },
  { state: 'SYN-SENT', x: RIGHT, y: 400 },
  { state: 'ESTABLISHED', x: MIDDLE, y: 560 },
  { state: 'FIN-WAIT-1', x: LEFT, y: 720 },
  { state: 'CLOSE-WAIT', x: RIGHT, y: 720 },
  { state: 'FIN-WAIT-2', x: LEFT, y: 900 },
  { state: 'CLOSING', x: MIDDLE, y: 900 },
  { state: 'LAST-ACK', x: RIGHT, y: 900 },
  { state: 'TIME-WAIT', x: MIDDLE, y: 1050 },
  { state: 'CLOSED', x: RIGHT, y: 1050 },
]

export type Point = readonly [x: number, y: number]

export interface Room {
  /** Where the words begin, have their middle, or end. */
  readonly x: number
  /** Top of the first line, or with `up` the bottom of the last one. */
  readonly y: number
  readonly width: number
  readonly anchor: 'start' | 'middle' | 'end'
  readonly up?: true
}

export interface Way {
  readonly from: StateName
  readonly to: StateName
  /** The transitions that go this way; default: all between the two states that no other way names. */
  readonly causes?: readonly string[]
  /** Corners; the head stands at the last one. */
  readonly points: readonly Point[]
  readonly room: Room
  /** Where the numbers of steps stand: their middle, and whether a second side's stand beside or below it. */
  readonly steps: { readonly at: Point; readonly grow: 'right' | 'down' }
}

export const WAYS: readonly Way[] = [
  way(
    'CLOSED',
    'LISTEN',
    [
      [680, 113],
      [680, 217],
    ],
    at(666, 128, 200, 'end'),
    [680, 180],
    'down',
  ),
  way(
    'LISTEN',
    'CLOSED',
    [
      [720, 217],
      [720, 113],
    ],
    at(734, 184, 180, 'start'),
    [720, 140],
    'down',
  ),
  way(
    'CLOSED',
    'SYN-SENT',
    [
      [780, 80],
      [1100, 80],
      [1100, 377],
    ],
    above(930, 74, 250),
    [1100, 190],
    'down',
  ),
  way(
    'SYN-SENT',
    'CLOSED',
    [
      [1062, 377],
      [1062, 104],
      [780, 104],
    ],
    at(910, 110, 230, 'middle'),
    [1062, 300],
    'down',
    ['close', 'abort'],
  ),
  way(
    'LISTEN',
    'SYN-SENT',
    [
      [780, 248],
      [1024, 248],
      [1024, 377],
    ],
    at(900, 254, 220, 'middle'),
    [1024, 300],
    'down',
  ),
  way(
    'SYN-RECEIVED',
    'LISTEN',
    [
      [310, 377],
      [310, 230],
      [620, 230],
    ],
    above(466, 224, 290),
    [310, 290],
    'down',
  ),
  way(
    'LISTEN',
    'SYN-RECEIVED',
    [
      [620, 252],
      [370, 252],
      [370, 377],
    ],
    at(500, 258, 200, 'middle'),
    [370, 310],
    'down',
  ),
  way(
    'SYN-SENT',
    'SYN-RECEIVED',
    [
      [990, 392],
      [410, 392],
    ],
    above(700, 386, 400),
    [850, 392],
    'right',
  ),
  way(
    'SYN-RECEIVED',
    'ESTABLISHED',
    [
      [410, 412],
      [680, 412],
      [680, 537],
    ],
    at(548, 418, 220, 'middle'),
    [680, 480],
    'down',
  ),
  way(
    'SYN-SENT',
    'ESTABLISHED',
    [
      [990, 412],
      [720, 412],
      [720, 537],
    ],
    at(860, 418, 220, 'middle'),
    [720, 480],
    'down',
  ),
  way(
    'SYN-RECEIVED',
    'FIN-WAIT-1',
    [
      [310, 423],
      [310, 697],
    ],
    at(324, 452, 100, 'start'),
    [310, 600],
    'down',
  ),
  way(
    'ESTABLISHED',
    'FIN-WAIT-1',
    [
      [620, 560],
      [370, 560],
      [370, 697],
    ],
    above(496, 554, 200),
    [370, 630],
    'down',
  ),
  way(
    'ESTABLISHED',
    'CLOSE-WAIT',
    [
      [780, 560],
      [1070, 560],
      [1070, 697],
    ],
    above(924, 554, 200),
    [1070, 630],
    'down',
  ),
  way(
    'FIN-WAIT-1',
    'CLOSING',
    [
      [410, 720],
      [680, 720],
      [680, 877],
    ],
    above(548, 714, 200),
    [680, 800],
    'down',
  ),
  way(
    'FIN-WAIT-1',
    'FIN-WAIT-2',
    [
      [330, 743],
      [330, 877],
    ],
    at(346, 812, 150, 'start'),
    [330, 766],
    'down',
  ),
  way(
    'CLOSE-WAIT',
    'LAST-ACK',
    [
      [1070, 743],
      [1070, 877],
    ],
    at(1054, 812, 150, 'end'),
    [1070, 766],
    'down',
  ),
  way(
    'FIN-WAIT-2',
    'TIME-WAIT',
    [
      [330, 923],
      [330, 1050],
      [620, 1050],
    ],
    above(486, 1044, 200),
    [330, 980],
    'down',
  ),
  way(
    'CLOSING',
    'TIME-WAIT',
    [
      [700, 923],
      [700, 1027],
    ],
    at(684, 980, 150, 'end'),
    [700, 940],
    'down',
  ),
  way(
    'LAST-ACK',
    'CLOSED',
    [
      [1070, 923],
      [1070, 1027],
    ],
    at(1086, 986, 150, 'start'),
    [1070, 940],
    'down',
    ['ack-of-fin'],
  ),
  way(
    'TIME-WAIT',
    'CLOSED',
    [
      [780, 1040],
      [990, 1040],
    ],
    above(885, 1026, 190),
    [840, 1040],
    'right',
    ['time-wait-timeout'],
  ),
  way(
    'TIME-WAIT',
    'CLOSED',
    [
      [780, 1062],
      [990, 1062],
    ],
    at(885, 1076, 200, 'middle'),
    [840, 1062],
    'right',
    ['reuse'],
  ),
]

/** A short arrow from a state to a CLOSED of its own, for resets, time-outs and aborts, which lead there from everywhere. */
export interface Exit {
  readonly from: StateName
  readonly points: readonly [Point, Point]
  readonly room: Room
  readonly steps: Way['steps']
}

const outwards = (from: StateName, y: number, side: 'left' | 'right'): Exit => {
  const edge = side === 'left' ? LEFT - BOX.width / 2 : RIGHT + BOX.width / 2
  const tip = side === 'left' ? edge - 64 : edge + 64
  return {
    from,
    points: [
      [edge, y],
      [tip, y],
    ],
    room: side === 'left' ? at(tip + 18, y + 14, 196, 'end') : at(tip - 18, y + 14, 196, 'start'),
    steps: { at: [(edge + tip) / 2, y - 36], grow: 'right' },
  }
}

export const EXITS: readonly Exit[] = [
  outwards('SYN-RECEIVED', 400, 'left'),
  outwards('SYN-SENT', 400, 'right'),
  {
    from: 'ESTABLISHED',
    points: [
      [740, 583],
      [740, 618],
    ],
    room: at(778, 600, 240, 'start'),
    steps: { at: [694, 601], grow: 'right' },
  },
  outwards('FIN-WAIT-1', 720, 'left'),
  outwards('CLOSE-WAIT', 720, 'right'),
  outwards('FIN-WAIT-2', 900, 'left'),
  {
    from: 'CLOSING',
    points: [
      [780, 900],
      [822, 900],
    ],
    room: at(788, 916, 198, 'start'),
    steps: { at: [804, 864], grow: 'right' },
  },
  outwards('LAST-ACK', 900, 'right'),
  {
    from: 'TIME-WAIT',
    points: [
      [640, 1073],
      [640, 1094],
    ],
    room: at(600, 1088, 200, 'end'),
    steps: { at: [664, 1084], grow: 'right' },
  },
]

function at(x: number, y: number, width: number, anchor: Room['anchor']): Room {
  return { x, y, width, anchor }
}

function above(x: number, y: number, width: number): Room {
  return { x, y, width, anchor: 'middle', up: true }
}

function way(
  from: StateName,
  to: StateName,
  points: readonly Point[],
  room: Room,
  step: Point,
  grow: 'right' | 'down',
  causes?: readonly string[],
): Way {
  return { from, to, points, room, steps: { at: step, grow }, ...(causes !== undefined && { causes }) }
}

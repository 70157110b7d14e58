/** Where the lifelines of a sequence diagram stand, by how much of the story is asked for. */

/**
 * 'full': application, socket and network of both hosts. 'overview': sockets and segments only. 'client' and 'server':
 * one host as it sees the world (the left and the right one), with the network as the other end.
 */
export type View = 'full' | 'overview' | 'client' | 'server'

export interface Columns {
  /** The line of the time axis; its labels end left of it. */
  readonly axis: number
  /** Lifeline of each application; null: not shown. */
  readonly application: readonly [number | null, number | null]
  /** Lifeline of each socket, or the edge of the network where the socket is not shown. */
  readonly socket: readonly [number, number]
  /** Whether each host is shown, or only the network in its place. */
  readonly shown: readonly [boolean, boolean]
  /** Where the lifelines' part of the picture ends; the remarks begin behind it. */
  readonly right: number
  readonly remarks: { readonly x: number; readonly width: number } | null
  readonly width: number
}

/** Time labels such as '60.250 s' need so much; longer ones need more. */
const LEAST_AXIS = 76
/** Between an application and its socket: room for 'read() returns 65535' and for a state in its box. */
const STRIP = 156
/** Beside a socket without its application: room for a state in its box. */
const STATE_STRIP = 118
const NETWORK = 500
const EDGE = 34
const REMARKS = 300
const MARGIN = 18

export interface ColumnNeeds {
  readonly view: View
  readonly withRemarks: boolean
  /** Whether there is anything to tell of applications: a capture knows nothing of them. */
  readonly withApplications: boolean
  /** Pixels of the widest time label. */
  readonly timeWidth: number
}

export function columnsOf({ view, withRemarks, withApplications, timeWidth }: ColumnNeeds): Columns {
  const axis = Math.max(LEAST_AXIS, Math.ceil(timeWidth) + 20)
  const shown: [boolean, boolean] = [view !== 'server', view !== 'client']
  const applications = withApplications && view !== 'overview'
  const strip = applications ? STRIP : STATE_STRIP
  const network = applications ? NETWORK : NETWORK + 2 * (STRIP - STATE_STRIP)
  const first = axis + EDGE
  const left = shown[0] ? first + strip : first + EDGE
  const right = left + network
  const last = shown[1] ? right + strip : right + EDGE
  const end = last + EDGE
  return {
    axis,
    application: [applications && shown[0] ? first : null, applications && shown[1] ? last : null],
    socket: [left, right],
    shown,
    right: end,
    remarks: withRemarks ? { x: end + MARGIN, width: REMARKS } : null,
    width: withRemarks ? end + MARGIN + REMARKS + MARGIN : end,
  }
}

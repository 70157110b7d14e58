/** Times on the command line: from the first packet, of its day, with a date, or since 1970. */

export interface Moment {
  readonly seconds: number
  readonly nanoseconds: number
}

const DAY = 86_400

/** What the text means once the first packet is known; null where it is no time. Times without a zone are UTC. */
export function parseMoment(text: string): ((first: Moment) => Moment) | null {
  const relative = /^\+(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text)
  if (relative !== null) {
    const nanoseconds = nanosecondsOf(relative[2])
    return (first) => sum(first, Number(relative[1]), nanoseconds)
  }
  const epoch = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text)
  if (epoch !== null) return fixed(Number(epoch[1]), nanosecondsOf(epoch[2]))
  const clock = /^(?:(\d{4})-(\d\d)-(\d\d)[ T])?(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z?$/.exec(text)
  if (clock === null) return null
  const [, year, month, day, hour, minute, second = '0', fraction] = clock
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null
  const ofDay = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  const nanoseconds = nanosecondsOf(fraction)
  if (year === undefined) {
    return (first) => ({ seconds: Math.floor(first.seconds / DAY) * DAY + ofDay, nanoseconds })
  }
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const isSound = new Date(date).toISOString().startsWith(`${year}-${month}-${day}`)
  return isSound ? fixed(date / 1000 + ofDay, nanoseconds) : null
}

function nanosecondsOf(fraction = ''): number {
  return Number(fraction.padEnd(9, '0'))
}

function fixed(seconds: number, nanoseconds: number): () => Moment {
  return () => ({ seconds, nanoseconds })
}

function sum(first: Moment, seconds: number, nanoseconds: number): Moment {
  const total = first.nanoseconds + nanoseconds
  return { seconds: first.seconds + seconds + Math.floor(total / 1e9), nanoseconds: total % 1e9 }
}

/** When a packet was captured, as tcpdump's -t to -ttttt print it. */

/** `clock`: the time of day; `date`: with the date; `epoch`: seconds since 1970; since the packet before, or the first. */
export type TimeStyle = 'clock' | 'none' | 'epoch' | 'delta' | 'date' | 'first'

export interface Moment {
  readonly seconds: number
  readonly nanoseconds: number
}

const DAY = 86_400

export class TimePrinter {
  readonly #style: TimeStyle
  readonly #offset: (seconds: number) => number
  readonly #digits: 6 | 9
  #before: Moment | null = null

  /**
   * @param offset what is added to a moment's seconds to have them of the reader's time zone.
   * @param digits of the fraction of a second.
   */
  constructor(style: TimeStyle, offset: (seconds: number) => number, digits: 6 | 9) {
    this.#style = style
    this.#offset = offset
    this.#digits = digits
  }

  /** With a blank behind it; the empty text where no time is wanted. */
  text(moment: Moment): string {
    const { seconds } = moment
    if (this.#style === 'none') return ''
    const nanoseconds = this.#digits === 9 ? moment.nanoseconds : Math.floor(moment.nanoseconds / 1000)
    if (this.#style === 'epoch') return `${seconds}${this.#fraction(nanoseconds)} `
    if (this.#style === 'delta' || this.#style === 'first') return this.#since({ seconds, nanoseconds })
    const local = seconds + this.#offset(seconds)
    const day = Math.floor(local / DAY)
    const date = this.#style === 'date' ? `${dateText(day)} ` : ''
    return `${date}${clockText(local - day * DAY)}${this.#fraction(nanoseconds)} `
  }

  /** Here `nanoseconds` counts units of the last digit. */
  #since(moment: Moment): string {
    const before = this.#before ?? moment
    if (this.#before === null || this.#style === 'delta') this.#before = moment
    let seconds = moment.seconds - before.seconds
    let fraction = moment.nanoseconds - before.nanoseconds
    const isBefore = seconds < 0 || (seconds === 0 && fraction < 0)
    if (isBefore) {
      seconds = -seconds
      fraction = -fraction
    }
    if (fraction < 0) {
      seconds--
      fraction += 10 ** this.#digits
    }
    return `${isBefore ? '-' : ' '}${clockText(seconds % DAY)}${this.#fraction(fraction)} `
  }

  #fraction(value: number): string {
    return `.${String(value).padStart(this.#digits, '0')}`
  }
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

function clockText(second: number): string {
  return `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`
}

/** ISO 8601's form of a moment, UTC, with nine digits of the second. */
export function isoText(seconds: number, nanoseconds: number): string {
  const day = Math.floor(seconds / DAY)
  return `${dateText(day)}T${clockText(seconds - day * DAY)}.${String(nanoseconds).padStart(9, '0')}Z`
}

/** The date of a day since 1970-01-01: years of the proleptic Gregorian calendar, counted from March. */
export function dateText(day: number): string {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  const dayOfYear = dayOfEra - (365 * yearOfEra + leapDays)
  const month = Math.floor((5 * dayOfYear + 2) / 153)
  const date = dayOfYear - Math.floor((153 * month + 2) / 5) + 1
  const calendarMonth = month < 10 ? month + 3 : month - 9
  const year = yearOfEra + era * 400 + (calendarMonth <= 2 ? 1 : 0)
  return `${year}-${two(calendarMonth)}-${two(date)}`
}

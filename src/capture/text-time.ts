/** Times of a listing to times since an epoch, in the five forms that tcpdump has, and none at all. */

import type { CaptureNotes } from './capture-notes.ts'
import type { TextTime } from './text-line.ts'

const DAY = 86_400

export class TextClock {
  readonly #notes: CaptureNotes
  /** Of the packet before. */
  #seconds = 0
  #nanoseconds = 0
  #days = 0
  /** Whether times that count from something count from the packet before (-ttt), not from the first (-ttttt). */
  #isDelta: boolean | null = null
  #said = ''

  constructor(notes: CaptureNotes) {
    this.#notes = notes
  }

  /** Sets the time of a packet. @param ahead the times of those that follow. */
  set(
    to: { seconds: number; nanoseconds: number },
    time: TextTime | null,
    ahead: readonly (TextTime | null)[],
  ): void {
    if (time === null) {
      this.#say('the lines have no times: each packet has that of the one before, the first 0')
    } else if (time.kind === 'clock') {
      this.#ofDay(time)
    } else if (time.kind === 'since') {
      this.#since(time, ahead)
    } else {
      this.#seconds = time.seconds
      this.#nanoseconds = time.nanoseconds
    }
    to.seconds = this.#seconds
    to.nanoseconds = this.#nanoseconds
  }

  /** Half a day back is the next day. */
  #ofDay({ seconds, nanoseconds }: TextTime): void {
    this.#say('the lines have times without a date: they count from 1970-01-01')
    const before = this.#seconds - this.#days * DAY
    if (before - seconds > DAY / 2) this.#days++
    else if (seconds - before > DAY / 2 && this.#days > 0) this.#days--
    this.#seconds = this.#days * DAY + seconds
    this.#nanoseconds = nanoseconds
  }

  #since(time: TextTime, ahead: readonly (TextTime | null)[]): void {
    if (this.#isDelta === null) {
      this.#isDelta = goesBack([time, ...ahead])
      const from = this.#isDelta ? 'the packet before' : 'the first packet'
      this.#say(`the lines have times that count from ${from}: the first packet is at 0`)
    }
    const nanoseconds = time.nanoseconds + (this.#isDelta ? this.#nanoseconds : 0)
    this.#seconds = time.seconds + (this.#isDelta ? this.#seconds : 0) + Math.floor(nanoseconds / 1e9)
    this.#nanoseconds = nanoseconds % 1e9
  }

  #say(sentence: string): void {
    if (this.#said === sentence) return
    this.#said = sentence
    this.#notes.say(sentence)
  }
}

function goesBack(times: readonly (TextTime | null)[]): boolean {
  let last = -1
  for (const time of times) {
    if (time === null || time.kind !== 'since') continue
    const now = time.seconds * 1e9 + time.nanoseconds
    if (now < last) return true
    last = now
  }
  return false
}

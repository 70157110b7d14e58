/**
 * Pieces of a stream that came too early: the lowest is found, and of those that fit by now the one that came first, at
 * the cost of a logarithm. So a capture of a million of them is no trap.
 */

export interface Piece {
  /** Its number, counted on beyond 2^32, and its place in the order of arrival. */
  readonly place: number
  readonly arrival: number
  readonly seq: number
  readonly octets: Uint8Array
  /** The packet that brought it. */
  readonly frame: number
}

type IsBefore = (a: Piece, b: Piece) => boolean

const isLower: IsBefore = (a, b) => a.place < b.place || (a.place === b.place && a.arrival < b.arrival)
const cameBefore: IsBefore = (a, b) => a.arrival < b.arrival

export class WaitingPieces {
  readonly #waiting: Piece[] = []
  /** Those that fit. */
  readonly #ready: Piece[] = []
  /** The longest piece that waits at a place. */
  readonly #longest = new Map<number, number>()
  #arrivals = 0

  /** Takes a piece, borrowed; false where it adds nothing: the same once more, or a part of it. */
  add(place: number, seq: number, octets: Uint8Array, frame: number): boolean {
    if ((this.#longest.get(place) ?? 0) >= octets.length) return false
    this.#longest.set(place, octets.length)
    push(this.#waiting, { place, arrival: this.#arrivals++, seq, octets: octets.slice(), frame }, isLower)
    return true
  }

  /** Removes the piece that came first of those that start at `place` or before it. */
  take(place: number): Piece | undefined {
    while (this.#waiting.length > 0 && this.#waiting[0]!.place <= place) {
      const piece = pop(this.#waiting, isLower)!
      this.#longest.delete(piece.place)
      push(this.#ready, piece, cameBefore)
    }
    return pop(this.#ready, cameBefore)
  }

  /** The piece with the lowest number, where none fits. */
  get lowest(): Piece | undefined {
    return this.#waiting[0]
  }
}

// ---- a binary heap

function push(heap: Piece[], piece: Piece, isBefore: IsBefore): void {
  let at = heap.push(piece) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(piece, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = piece
}

function pop(heap: Piece[], isBefore: IsBefore): Piece | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (heap.length === 0 || last === undefined) return top
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (!isBefore(heap[child]!, last)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
  return top
}

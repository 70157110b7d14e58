/** What cannot be meant: where it stands, what was given, and what is expected there. */
export class LabError extends Error {
  override readonly name = 'LabError'
  /** 'hosts[1].program, line 3', 'paths[0].loss', 'link'. */
  readonly place: string

  constructor(place: string, problem: string) {
    super(place === '' ? problem : `${place}: ${problem}`)
    this.place = place
  }
}

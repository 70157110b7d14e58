/** Pictures carry their names in elements with ids; several in one page need others. */

let count = 0

/** Makes the ids of a picture's title and description in `holder` its own. */
export function namePicture(holder: Element): void {
  count++
  const svg = holder.querySelector('svg')
  const ids = ['title', 'description'].map((name) => {
    const element = svg?.querySelector(`:scope > #${name}`)
    const id = `picture-${count}-${name}`
    element?.setAttribute('id', id)
    return id
  })
  svg?.setAttribute('aria-labelledby', ids.join(' '))
}

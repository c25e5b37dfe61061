import { ScimError } from '../../errors.js'
import type { PageRequest } from './visit.js'

/** What each button of a form does, by its value in the field `do`. */
export type Buttons<Outcome> = Readonly<
  Record<string, (pageRequest: PageRequest) => Promise<Outcome>>
>

/** The action of the pressed button. @throws ScimError 400 without such a button */
export function pressed<Outcome>(
  buttons: Buttons<Outcome>,
  { form }: Pick<PageRequest, 'form'>,
): Buttons<Outcome>[string] {
  const name = form.get('do') ?? ''
  const action = Object.hasOwn(buttons, name) ? buttons[name] : undefined
  if (action) return action
  throw noSuchButton()
}

/** 400 for a form that this page does not send. */
export function noSuchButton(): ScimError {
  return new ScimError(400, 'This form has no such button.')
}

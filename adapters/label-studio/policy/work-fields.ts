import { isObject } from '../../../lib/adapter/index.js'

/**
 * What somebody below Reviewer may write into a field. `open`: anything. `object`: an object of the
 * project, as everywhere. `self`: themselves. `kept`: what is stored already or, in a new object,
 * the default.
 */
export type FieldRule = 'open' | 'object' | 'self' | 'kept'

/**
 * Every field of annotations and drafts that Label Studio 1.23.2 lets people write. Its application
 * sends `result`, `lead_time`, `was_cancelled`, `was_postponed` and the parents. The fields of
 * tasks and predictions are for Managers alone. Label Studio ignores other names.
 */
export const workFields: Readonly<Record<string, FieldRule>> = {
  result: 'open',
  lead_time: 'open',
  was_cancelled: 'open',
  was_postponed: 'open',
  // Label Studio refuses an id that another annotation has.
  unique_id: 'open',
  task: 'object',
  project: 'object',
  annotation: 'object',
  parent_annotation: 'object',
  parent_prediction: 'object',
  completed_by: 'self',
  updated_by: 'self',
  user: 'self',
  ground_truth: 'kept',
  last_created_by: 'kept',
  last_action: 'kept',
  bulk_created: 'kept',
  import_id: 'kept',
  draft_created_at: 'kept',
}

const guarded = Object.entries(workFields).filter(([, rule]) => rule === 'self' || rule === 'kept')

type Fields = Readonly<Record<string, unknown>>

/** The stored fields that {@link writesOthersWork} compares with. */
export function guardedFields(stored: Fields): Fields {
  return Object.fromEntries(guarded.map(([name]) => [name, stored[name]]))
}

/**
 * Whether a body writes what only a Reviewer may: another author, ground truth, history.
 *
 * @param stored the object's fields before the change; `undefined` for a new object
 */
export function writesOthersWork(
  body: unknown,
  person: { readonly account: number; readonly email: string },
  stored: Fields = {},
): boolean {
  const isSelf = (value: unknown) =>
    value === person.account || (typeof value === 'string' && value.toLowerCase() === person.email)
  return [body]
    .flat()
    .filter(isObject)
    .some((fields) =>
      guarded.some(([name, rule]) => {
        if (!Object.hasOwn(fields, name)) return false
        const value = fields[name]
        if (rule === 'self' && isSelf(value)) return false
        return (value ?? false) !== (stored[name] ?? false)
      }),
    )
}

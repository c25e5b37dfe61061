import { preconditionFailed } from '../../errors.js'
import type { VersionedRules } from '../../stores/access-store.js'
import { etagOf, matchesEtag } from '../../version/etag.js'
import type { SettingsContext } from '../options.js'
import { previewRules } from '../reports/preview.js'
import { readDraft, refuseMassLoss, saveDraft } from '../rules/save.js'
import type { Answer, Call } from './answer.js'
import { choiceOf } from './parameters.js'

/** `GET /api/scim/settings`: the rules in Label Studio's format, with their version in `ETag`. */
export async function getSettings(context: SettingsContext, { scope }: Call): Promise<Answer> {
  return rulesAnswer(await context.adapters.access.rules(scope))
}

/**
 * `POST /api/scim/settings`: saves rules. An absent list stays unchanged. With `If-Match`, rules
 * are saved only if the version still matches (412). If many people would lose access,
 * `?confirmLoss=true` is required (409). Without `If-Match`, the saved rules are replaced, but
 * rules saved by someone else at the same moment are not (409).
 */
export async function postSettings(
  context: SettingsContext,
  { scope, body, ifMatch, query }: Call,
): Promise<Answer> {
  const { version } = await context.adapters.access.rules(scope)
  if (ifMatch !== undefined && !matchesEtag(ifMatch, version)) throw preconditionFailed()
  const isMeant = choiceOf(query, 'confirmLoss', ['true']) !== undefined
  if (!isMeant) await refuseMassLoss(context, scope, body)
  const expectedVersion = ifMatch === undefined ? {} : { expectedVersion: version }
  return rulesAnswer(await saveDraft(context, scope, { input: body, ...expectedVersion }))
}

/**
 * `POST /api/scim/settings/preview`: how people's access would change with these rules. Saves
 * nothing.
 */
export async function postPreview(
  context: SettingsContext,
  { scope, body }: Call,
): Promise<Answer> {
  const current = await context.adapters.access.rules(scope)
  const after = await readDraft(context, scope, { input: body, current })
  const preview = await previewRules(context, scope, { before: current.rules, after })
  return { status: 200, headers: { ETag: etagOf(current.version) }, body: preview }
}

function rulesAnswer({ rules, version }: VersionedRules): Answer {
  const { roles_groups, workspaces_groups, projects_groups } = rules
  return {
    status: 200,
    headers: { ETag: etagOf(version) },
    body: { roles_groups, workspaces_groups, projects_groups },
  }
}

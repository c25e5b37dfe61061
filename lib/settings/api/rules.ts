import { preconditionFailed } from '../../errors.js'
import type { VersionedRules } from '../../stores/access-store.js'
import { etagOf, matchesEtag } from '../../version/etag.js'
import type { SettingsContext } from '../options.js'
import { previewRules } from '../reports/preview.js'
import { readDraft, saveDraft } from '../rules/save.js'
import type { Answer, Call } from './answer.js'

/** `GET /api/scim/settings`: the rules, shaped as Label Studio's, their version in `ETag`. */
export async function getSettings(context: SettingsContext, { scope }: Call): Promise<Answer> {
  return rulesAnswer(await context.adapters.access.rules(scope))
}

/**
 * `POST /api/scim/settings`: saves rules; a list that is absent stays as it is. With `If-Match`, only when the version
 * is still that one (412); without, what is saved now is replaced, but nothing that is saved in the same moment (409).
 */
export async function postSettings(context: SettingsContext, call: Call): Promise<Answer> {
  const { scope, body, ifMatch } = call
  if (ifMatch === undefined) return rulesAnswer(await saveDraft(context, scope, { input: body }))
  const { version } = await context.adapters.access.rules(scope)
  if (!matchesEtag(ifMatch, version)) throw preconditionFailed()
  return rulesAnswer(await saveDraft(context, scope, { input: body, expectedVersion: version }))
}

/** `POST /api/scim/settings/preview`: who would change how if these rules were saved. Saves nothing. */
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

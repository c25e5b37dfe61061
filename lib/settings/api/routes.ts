import type { SettingsContext } from '../options.js'
import type { Answer, Call } from './answer.js'
import { getAudit, getAuditCsv } from './audit.js'
import {
  getAccounts,
  getDrift,
  getExplain,
  getGroups,
  getPeople,
  getRefusals,
  getSeats,
  getStatus,
  postAllowLoss,
  postPause,
  postReapply,
  postResume,
  postRetry,
} from './reports.js'
import { getSettings, postPreview, postSettings } from './rules.js'
import {
  getTokens,
  postToken,
  postTokenName,
  postTokenRevocation,
  postTokenRotation,
} from './tokens.js'
import {
  getWorkspaces,
  postWorkspace,
  postWorkspaceChange,
  postWorkspaceDelete,
} from './workspaces.js'

type Handler = (context: SettingsContext, call: Call) => Promise<Answer>

/** The settings API: handlers by path and method. */
export const apiRoutes: Readonly<
  Record<string, Readonly<Partial<Record<'GET' | 'POST', Handler>>>>
> = {
  '/api/scim/settings': { GET: getSettings, POST: postSettings },
  '/api/scim/settings/preview': { POST: postPreview },
  '/api/scim/workspaces': { GET: getWorkspaces, POST: postWorkspace },
  '/api/scim/workspaces/change': { POST: postWorkspaceChange },
  '/api/scim/workspaces/delete': { POST: postWorkspaceDelete },
  '/api/scim/tokens': { GET: getTokens, POST: postToken },
  '/api/scim/tokens/rename': { POST: postTokenName },
  '/api/scim/tokens/rotate': { POST: postTokenRotation },
  '/api/scim/tokens/revoke': { POST: postTokenRevocation },
  '/api/scim/explain': { GET: getExplain },
  '/api/scim/status': { GET: getStatus },
  '/api/scim/drift': { GET: getDrift },
  '/api/scim/refusals': { GET: getRefusals },
  '/api/scim/seats': { GET: getSeats },
  '/api/scim/groups': { GET: getGroups },
  '/api/scim/people': { GET: getPeople },
  '/api/scim/accounts': { GET: getAccounts },
  '/api/scim/audit': { GET: getAudit },
  '/api/scim/audit.csv': { GET: getAuditCsv },
  '/api/scim/retry': { POST: postRetry },
  '/api/scim/reapply': { POST: postReapply },
  '/api/scim/pause': { POST: postPause },
  '/api/scim/resume': { POST: postResume },
  '/api/scim/allow-loss': { POST: postAllowLoss },
}

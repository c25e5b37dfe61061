import { release, startLabelStudio } from '../support/label-studio-server.js'
import { describeWorkspaces } from '../workspaces/office.js'

describeWorkspaces(`workspaces in front of Label Studio Community ${release}`, startLabelStudio)

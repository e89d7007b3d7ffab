import { Section } from "../layout/page.tsx";
import { CopyText } from "./copy-text.tsx";

const YAML = `services:
  - name: shop
    local: { command: [node, server.js], cwd: ., versions: [{ version: "1.0.0" }] }
    environments:
      production: { instances: 2, initialVersion: "1.0.0" }
`;
const COMMAND = "OPERATE_CONFIG=./operate.config.yaml npm start";

/** From the sample to one's own system: what to write, and how to start with it. */
export const OwnSystem = () => (
  <section id="own" className="scroll-mt-16">
    <Section title="Operate your own system" note="five lines to begin with">
      <div className="flex flex-col gap-3 p-3 text-sm">
        <p className="max-w-prose text-ink-2">
          Save this as <code className="num">operate.config.yaml</code>. The command is started once per instance and
          must listen on <code className="num">$PORT</code>; <code className="num">{"{version}"}</code> in it stands for
          the version to run. Everything left out has a default.
        </p>
        <CopyText label="operate.config.yaml" text={YAML} />
        <p className="text-ink-2">Then start Operate with it:</p>
        <CopyText label="Command" text={COMMAND} />
      </div>
    </Section>
  </section>
);

// Copying: a small button beside a value, and a block of code with the button in its corner.
import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { Check, Copy } from "lucide-react";
import { useTranslation } from "react-i18next";
import classes from "./Copy.module.css";

export function CopyIcon({ value, label, size = 22 }: { value: string; label?: string; size?: number }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("common.copied") : (label ?? t("common.copy"))}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={size}
            onClick={copy}
            aria-label={label ?? t("common.copy")}
          >
            {copied ? <Check size={14} color="var(--md-ok)" /> : <Copy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

export function CopyBlock({ value, label, wrap }: { value: string; label: string; wrap?: boolean }) {
  return (
    <section className={classes.block} aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className={classes.code} data-wrap={wrap || undefined} tabIndex={0}>
        {value}
      </pre>
      <div className={classes.corner}>
        <CopyIcon value={value} size={28} />
      </div>
    </section>
  );
}

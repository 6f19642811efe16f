// The end of a form: what went wrong that belongs to no field, then the buttons.
import { Button, Group, Text } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface FormFootProps {
  failed?: string;
  busy: boolean;
  action: string;
  disabled?: boolean;
  onCancel?: () => void;
  /** Beside the buttons, such as "saved". */
  beside?: ReactNode;
}

export function FormFoot({ failed, busy, action, disabled, onCancel, beside }: FormFootProps) {
  const { t } = useTranslation();
  return (
    <div>
      {failed && (
        <Text
          role="alert"
          c="var(--md-error)"
          size="sm"
          mb={10}
          style={{ display: "flex", gap: 6, alignItems: "center" }}
        >
          <CircleAlert size={15} style={{ flex: "none" }} />
          {failed}
        </Text>
      )}
      <Group justify="flex-end" gap="xs">
        {beside}
        {onCancel && (
          <Button variant="default" onClick={onCancel}>
            {t("common.cancel")}
          </Button>
        )}
        <Button type="submit" loading={busy} disabled={disabled}>
          {action}
        </Button>
      </Group>
    </div>
  );
}

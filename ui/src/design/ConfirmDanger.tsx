// The question before something that cannot be undone: the name must be typed.
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

interface ConfirmDangerProps {
  title: string;
  children: ReactNode;
  /** What must be typed. */
  phrase: string;
  action: string;
  busy: boolean;
  failed?: string;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDanger({
  title,
  children,
  phrase,
  action,
  busy,
  failed,
  onConfirm,
  onClose,
}: ConfirmDangerProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const matches = typed.trim() === phrase;
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (matches) onConfirm();
        }}
      >
        <Stack gap="md">
          <Text component="div">{children}</Text>
          <TextInput
            label={t("design.typeToConfirm", { phrase })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            error={failed}
            autoComplete="off"
            data-autofocus
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" color="red.8" disabled={!matches} loading={busy}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

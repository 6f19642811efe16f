// Adding a person; somebody new gets a one-time link, which is shown this once.
import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAddMember } from "../api/members";
import type { Role } from "../api/shapes";
import { CopyBlock } from "../design/Copy";
import { FormFoot } from "../design/FormFoot";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";
import { ROLES } from "./roles";

export function AddMember({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { organisation } = usePlace();
  const add = useAddMember(organisation.id);
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("member");
  const errors = useFieldErrors(add.error, ["email", "name", "role"]);
  const link = add.data?.sign_in_link;
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={!link}
      title={link ? t("members.linkTitle", { name: add.data?.name ?? email }) : t("members.add")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size={link ? 640 : 440}
    >
      {link ? (
        <Stack gap="md">
          <CopyBlock value={link} label={t("members.linkTitle", { name: add.data?.name ?? email })} wrap />
          <Text c="dimmed" size="sm">
            {t("members.linkHelp")}
          </Text>
          <Group justify="flex-end">
            <Button onClick={onClose}>{t("common.close")}</Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate(
              { email: email.trim(), name: name.trim() || null, role },
              { onSuccess: (made) => !made.sign_in_link && onClose() },
            );
          }}
        >
          <Stack gap="sm">
            <TextInput
              label={t("members.email")}
              type="email"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              error={errors.of("email")}
              data-autofocus
            />
            <TextInput
              label={t("common.name")}
              description={t("common.optional")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={errors.of("name")}
            />
            <Select
              label={t("members.role")}
              description={t(`members.roleHelp.${role}`)}
              data={ROLES.map((one) => ({ value: one, label: t(`members.roles.${one}`) }))}
              value={role}
              onChange={(chosen) => chosen && setRole(chosen as Role)}
              error={errors.of("role")}
              allowDeselect={false}
            />
            <FormFoot
              action={t("members.add")}
              busy={add.isPending}
              disabled={!email.trim()}
              failed={errors.rest}
              onCancel={onClose}
            />
          </Stack>
        </form>
      )}
    </Modal>
  );
}
